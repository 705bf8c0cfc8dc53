# How this checkout is compiled when it is the top-level project: nothing here reaches a project that adds Whitney.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Objects are shared between build folders and clones: paths relative to the checkout, no folder in the hash.
find_program(whitney_ccache ccache)
if(whitney_ccache AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${whitney_ccache})
  if(WHITNEY_PCH)  # lets ccache see through a precompiled header
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-fpch-preprocess)
    else()
      add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endif()

find_program(whitney_mold mold)
if(whitney_mold)
  add_link_options(-fuse-ld=mold)
endif()

if(WHITNEY_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # wrong about std::optional once code is instrumented
  endif()
  add_compile_options(-fsanitize=${WHITNEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WHITNEY_SANITIZE})
  # whitney/linalg/simd_targets.h says which.
  add_compile_definitions($<IF:$<BOOL:${WHITNEY_STD_THREADS}>,WHITNEY_TWO_SIMD_LEVELS,WHITNEY_FEW_SIMD_LEVELS>)
  if(WHITNEY_SANITIZE MATCHES "undefined" AND NOT WHITNEY_FUZZ)
    # What is asked at every pointer takes a third of the time to compile. AddressSanitizer sees null and stray pointers
    # when they are used; places that are not aligned are left to the fuzzers of what reads bytes, which ask everything.
    add_compile_options(-fno-sanitize=null,alignment,pointer-overflow,object-size,vptr)
  endif()
endif()
if(WHITNEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "WHITNEY_FUZZ=ON needs clang: configure with --preset fuzz, "
                        "or -DCMAKE_CXX_COMPILER=clang++-19")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
