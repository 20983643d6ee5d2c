# What `cmake --install` puts where: the library, its headers, the command, and how CMake and pkg-config find them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(netsctp PROPERTIES EXPORT_NAME sctp)
file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(netsctp_cli PROPERTIES INSTALL_RPATH "\$ORIGIN/${bin_to_lib}")

install(TARGETS netsctp EXPORT netsctp
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS netsctp_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# find_package(netsctp) -> net::sctp
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/netsctp)
install(EXPORT netsctp FILE netsctpTargets.cmake NAMESPACE net:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/netsctpConfig.cmake.in netsctpConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(netsctpConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/netsctpConfig.cmake ${PROJECT_BINARY_DIR}/netsctpConfigVersion.cmake
  DESTINATION ${package_dir})

# pkg-config netsctp; the prefix is found from where the file lies, so the tree may be moved
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pkgconfig_to_prefix ${CMAKE_INSTALL_PREFIX}/${pkgconfig_dir} ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/packaging/netsctp.pc.in netsctp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/netsctp.pc DESTINATION ${pkgconfig_dir})

# Manual pages. A page that describes several functions (its NAME line lists them) is found under each of their names.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[137])
foreach(page ${pages})
  cmake_path(GET page FILENAME file)
  cmake_path(GET page EXTENSION LAST_ONLY section)
  string(SUBSTRING ${section} 1 -1 section)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  file(STRINGS ${page} names REGEX "^netsctp.* \\\\- " LIMIT_COUNT 1)
  string(REGEX REPLACE " \\\\-.*" "" names "${names}")
  string(REPLACE ", " ";" names "${names}")
  foreach(name ${names})
    if(NOT file STREQUAL ${name}.${section})
      file(WRITE ${PROJECT_BINARY_DIR}/man/${name}.${section} ".so man${section}/${file}\n")
      install(FILES ${PROJECT_BINARY_DIR}/man/${name}.${section} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    endif()
  endforeach()
endforeach()
