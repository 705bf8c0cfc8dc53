# What `cmake --install` lays down: library, public headers, command line, completions, CMake package.

if(NOT TARGET whitney OR WHITNEY_SANITIZE OR WHITNEY_FUZZ)
  return()
endif()
include(CMakePackageConfigHelpers)

install(TARGETS whitney EXPORT WhitneyTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(DIRECTORY "${whitney_root}/whitney" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.h" PATTERN "*-inl.h" EXCLUDE PATTERN "*_test.h" EXCLUDE PATTERN "train" EXCLUDE)
if(TARGET whitney_train_plug_in)  # finds libtorch where it was when this was built
  install(TARGETS whitney_train_plug_in LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT train)
endif()
install(EXPORT WhitneyTargets NAMESPACE Whitney:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Whitney
        COMPONENT development)
configure_package_config_file("${whitney_root}/cmake/WhitneyConfig.cmake.in" "${PROJECT_BINARY_DIR}/WhitneyConfig.cmake"
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Whitney)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/WhitneyConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/WhitneyConfig.cmake" "${PROJECT_BINARY_DIR}/WhitneyConfigVersion.cmake"
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Whitney COMPONENT development)

if(TARGET whitney_program)
  install(TARGETS whitney_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  set(completion "${whitney_root}/apps/whitney/completion")
  if(EXISTS "${completion}/whitney.bash")
    install(FILES "${completion}/whitney.bash" RENAME whitney COMPONENT program
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  endif()
  if(EXISTS "${completion}/_whitney")
    install(FILES "${completion}/_whitney" COMPONENT program
            DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  endif()
endif()
