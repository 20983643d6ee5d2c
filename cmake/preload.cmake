# libnetsctp_preload.so: the layer src/preload/ and all below it in one object that shows only the names of libc it
# takes over (src/preload/exports.map).
#
# --wrap: each name the layers below call goes to preload/own_calls.cpp instead of to this library's own takeover.
# libcrypto and libstdc++ are linked in where their archives are at hand: a program with ones of its own must not meet
# ours, and every child of a program under the preload pays for what it loads.
set(objects)
foreach(layer base wire core link engine socket preload)
  list(APPEND objects $<TARGET_OBJECTS:netsctp_${layer}>)
endforeach()
set_target_properties(netsctp_preload PROPERTIES CXX_VISIBILITY_PRESET default)
add_library(netsctp_preload_library SHARED ${objects})
set_target_properties(netsctp_preload_library PROPERTIES
  OUTPUT_NAME netsctp_preload LINKER_LANGUAGE CXX LINK_DEPENDS ${PROJECT_SOURCE_DIR}/src/preload/exports.map)
set(wrapped)
foreach(name socket socketpair eventfd epoll_create1 close bind listen accept4 connect shutdown getsockname getpeername
             getsockopt setsockopt send sendmsg sendmmsg recv recvmsg recvmmsg read write dup3 fcntl ioctl)
  list(APPEND wrapped -Wl,--wrap=${name})
endforeach()
find_library(NETSCTP_STATIC_CRYPTO libcrypto.a)
target_link_options(netsctp_preload_library PRIVATE ${wrapped} -Wl,--as-needed -Wl,--exclude-libs,ALL
  -Wl,--version-script=${PROJECT_SOURCE_DIR}/src/preload/exports.map)
if(NETSCTP_STATIC_CRYPTO AND NOT NETSCTP_SANITIZE)
  target_link_options(netsctp_preload_library PRIVATE -static-libstdc++ -static-libgcc)
  target_link_libraries(netsctp_preload_library PRIVATE ${NETSCTP_STATIC_CRYPTO})
else()
  target_link_libraries(netsctp_preload_library PRIVATE OpenSSL::Crypto)
endif()
target_link_libraries(netsctp_preload_library PRIVATE PkgConfig::ISAL Threads::Threads ${CMAKE_DL_LIBS})
install(TARGETS netsctp_preload_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# The same to link into a program: what a sanitizer's own runtime must come before cannot be preloaded. Tests under
# sanitizers use it (test/CMakeLists.txt). The linker turns the names around in one object of all; the program's own
# calls stay what they are.
if(NETSCTP_SANITIZE)
  set(linked ${PROJECT_BINARY_DIR}/netsctp_preload_linked.o)
  add_custom_command(OUTPUT ${linked}
    COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib ${wrapped} ${objects} -o ${linked}
    DEPENDS ${objects} netsctp_preload COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(netsctp_preload_object DEPENDS ${linked})
  add_library(netsctp_preload_linked INTERFACE)
  add_dependencies(netsctp_preload_linked netsctp_preload_object)
  target_link_libraries(netsctp_preload_linked INTERFACE
    ${linked} OpenSSL::Crypto PkgConfig::ISAL Threads::Threads ${CMAKE_DL_LIBS})
endif()
