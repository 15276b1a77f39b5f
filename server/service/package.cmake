# qip-server as a Debian package, see tools/packaging/package.cmake.
set(service ${CMAKE_SOURCE_DIR}/server/service)

qip_install(server qip-server
  PAGES ${CMAKE_SOURCE_DIR}/server/ADMINISTRATION.md ${CMAKE_SOURCE_DIR}/server/README.md
  UNITS ${service}/qip-server.service ${service}/qip-server-backup.service ${service}/qip-server-backup.timer
  SYSUSERS ${service}/qip-server.sysusers
  TMPFILES ${service}/qip-server.tmpfiles)
qip_install_man(server ${CMAKE_SOURCE_DIR}/server/man/qip-server.8 ${CMAKE_SOURCE_DIR}/server/man/qip-server.json.5)
install(FILES ${CMAKE_SOURCE_DIR}/server/observe/alerts.yml ${CMAKE_SOURCE_DIR}/server/observe/dashboard.json
  DESTINATION share/qip-server COMPONENT server)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME qip-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "systemd (>= 252)")
# For encrypted backups; the program itself runs no other one, git neither.
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS age)
# What the alert rules are for.
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS prometheus)
set(CPACK_DEBIAN_SERVER_DESCRIPTION "sync server for GP practices' quality improvement plans
Keeps the histories of many practices as git repositories, takes in what their
devices sign and push, merges it, and lets auditors fetch all of it. One
process, no database, mutual TLS.

The package brings a service and a nightly backup, off until they were set up,
alert rules for Prometheus and a dashboard for Grafana.")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${service}/postinst ${service}/prerm ${service}/postrm)
