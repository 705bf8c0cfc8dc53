# Installs the build into a scratch folder, then configures, builds and runs a stranger's project that knows only that.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${scratch}")
run("${CMAKE_COMMAND}" --install "${build}" --prefix "${scratch}/usr")
file(GLOB_RECURSE inner "${scratch}/usr/include/*_test.h" "${scratch}/usr/include/*-inl.h")
if(inner)
  message(FATAL_ERROR "headers of tests and kernels are installed: ${inner}")
endif()
run("${CMAKE_COMMAND}" -G Ninja -S "${source}" -B "${scratch}/build" "-DCMAKE_PREFIX_PATH=${scratch}/usr"
    "-DCMAKE_BUILD_RPATH=${scratch}/usr/lib")
run("${CMAKE_COMMAND}" --build "${scratch}/build")
run("${scratch}/build/stranger")
run("${scratch}/usr/bin/whitney" methods)
