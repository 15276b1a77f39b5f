# qip-kiosk as a Debian package, see tools/packaging/package.cmake.
set(appliance ${CMAKE_SOURCE_DIR}/kiosk/appliance)

qip_install(kiosk qip-kiosk
  PAGES ${CMAKE_SOURCE_DIR}/kiosk/APPLIANCE.md
  UNITS ${appliance}/qip-kiosk.service ${appliance}/qip-kiosk-screen.service
  SYSUSERS ${appliance}/qip-kiosk.sysusers
  TMPFILES ${appliance}/qip-kiosk.tmpfiles)
qip_install_man(kiosk ${CMAKE_SOURCE_DIR}/kiosk/man/qip-kiosk.1)

set(CPACK_DEBIAN_KIOSK_PACKAGE_NAME qip-kiosk)
set(CPACK_DEBIAN_KIOSK_PACKAGE_SECTION misc)
# Fonts of all eleven languages; the browser that draws on the display without a desktop; the voice, which a box can do without.
set(CPACK_DEBIAN_KIOSK_PACKAGE_DEPENDS "fonts-noto-core, systemd (>= 252)")
set(CPACK_DEBIAN_KIOSK_PACKAGE_RECOMMENDS "cog, espeak-ng")
set(CPACK_DEBIAN_KIOSK_DESCRIPTION "patient feedback kiosk for a GP waiting room
Asks patients on a screen, keeps every answer before it says thank you, and
sends the answers to the practice's server when that can be reached. Comments
are sealed before they are written.

The package brings a service for the kiosk and one for the screen, both off
until the box has joined a practice.")
set(CPACK_DEBIAN_KIOSK_PACKAGE_CONTROL_EXTRA ${appliance}/postinst ${appliance}/prerm ${appliance}/postrm)
