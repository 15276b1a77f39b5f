# qip-kiosk as a Debian package: made by tools/package.
set(appliance ${CMAKE_SOURCE_DIR}/kiosk/appliance)

find_program(GZIP gzip REQUIRED)
function(qip_compressed from to)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/package/${to}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/package
    COMMAND ${GZIP} -9nc ${from} > ${CMAKE_BINARY_DIR}/package/${to} DEPENDS ${from} VERBATIM)
endfunction()
qip_compressed(${CMAKE_SOURCE_DIR}/kiosk/man/qip-kiosk.1 qip-kiosk.1.gz)
qip_compressed(${appliance}/changelog changelog.gz)
add_custom_target(package-files ALL DEPENDS ${CMAKE_BINARY_DIR}/package/qip-kiosk.1.gz ${CMAKE_BINARY_DIR}/package/changelog.gz)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the tests need not be built for it
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(TARGETS qip-kiosk RUNTIME DESTINATION bin)
install(FILES ${CMAKE_BINARY_DIR}/package/qip-kiosk.1.gz DESTINATION share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/package/changelog.gz ${appliance}/copyright ${CMAKE_SOURCE_DIR}/kiosk/APPLIANCE.md DESTINATION share/doc/qip-kiosk)
install(FILES ${appliance}/qip-kiosk.service ${appliance}/qip-kiosk-screen.service DESTINATION lib/systemd/system)
install(FILES ${appliance}/qip-kiosk.sysusers DESTINATION lib/sysusers.d RENAME qip-kiosk.conf)
install(FILES ${appliance}/qip-kiosk.tmpfiles DESTINATION lib/tmpfiles.d RENAME qip-kiosk.conf)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME qip-kiosk)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The qip authors <qip@qip.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "patient feedback kiosk for a GP waiting room")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Fonts of all eleven languages; the browser that draws on the display without a desktop; the voice, which a box can do without.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "fonts-noto-core, systemd (>= 252)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "cog, espeak-ng")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Asks patients on a screen, keeps every answer before it says thank you, and
sends the answers to the practice's server when that can be reached. Comments
are sealed before they are written.

The package brings a service for the kiosk and one for the screen, both off
until the box has joined a practice.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${appliance}/postinst ${appliance}/prerm ${appliance}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
