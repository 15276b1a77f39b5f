# The Debian packages qip-kiosk and qip-server, two components of one source: made by tools/package.
set(packaging ${CMAKE_SOURCE_DIR}/tools/packaging)

find_program(GZIP gzip REQUIRED)
function(qip_compressed from to)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/package/${to}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/package
    COMMAND ${GZIP} -9nc ${from} > ${CMAKE_BINARY_DIR}/package/${to} DEPENDS ${from} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY QIP_PACKAGE_FILES ${CMAKE_BINARY_DIR}/package/${to})
endfunction()

# Manual pages, each with its section as the last part of its name.
function(qip_install_man component)
  foreach(page IN LISTS ARGN)
    get_filename_component(name ${page} NAME)
    get_filename_component(section ${page} LAST_EXT)
    string(SUBSTRING ${section} 1 -1 section)
    qip_compressed(${page} ${name}.gz)
    install(FILES ${CMAKE_BINARY_DIR}/package/${name}.gz DESTINATION share/man/man${section} COMPONENT ${component})
  endforeach()
endfunction()

# What every package has: a program, the source's changelog and licence, further pages, units, users and folders.
qip_compressed(${packaging}/changelog changelog.gz)
function(qip_install component package)
  install(TARGETS ${package} RUNTIME DESTINATION bin COMPONENT ${component})
  install(FILES ${CMAKE_BINARY_DIR}/package/changelog.gz ${packaging}/copyright DESTINATION share/doc/${package} COMPONENT ${component})
  cmake_parse_arguments(of "" "SYSUSERS;TMPFILES" "PAGES;UNITS" ${ARGN})
  install(FILES ${of_PAGES} DESTINATION share/doc/${package} COMPONENT ${component})
  install(FILES ${of_UNITS} DESTINATION lib/systemd/system COMPONENT ${component})
  install(FILES ${of_SYSUSERS} DESTINATION lib/sysusers.d RENAME ${package}.conf COMPONENT ${component})
  install(FILES ${of_TMPFILES} DESTINATION lib/tmpfiles.d RENAME ${package}.conf COMPONENT ${component})
endfunction()

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the tests need not be built for it
include(kiosk/appliance/package.cmake)
include(server/service/package.cmake)
get_property(files GLOBAL PROPERTY QIP_PACKAGE_FILES)
add_custom_target(package-files ALL DEPENDS ${files})

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL kiosk server)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_PACKAGE_NAME qip)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The qip authors <qip@qip.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE qip)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
