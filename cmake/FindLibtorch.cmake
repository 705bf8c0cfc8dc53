# libtorch for the training rooms, as third::libtorch: headers, libtorch_cpu.so and libc10.so. Nothing else of it is linked:
# where a graphics card is to be used, its library is loaded at run time.

set(whitney_libtorch_version 2.15.0)
set(WHITNEY_TORCH_ROOT "${CMAKE_CURRENT_SOURCE_DIR}/models/libtorch-${whitney_libtorch_version}" CACHE PATH
    "libtorch: a folder with include/ and lib/, such as the folder torch of an installed Python package")

set(whitney_libtorch_hint
    "./quickstart and ./check fetch it (`bash -c '. tools/prepare.bash && prepare_venv python/requirements.txt && fetch_libtorch'` "
    "does that alone), -DWHITNEY_TORCH_ROOT names another place, -DWHITNEY_TRAIN=OFF builds everything else without it.")
string(CONCAT whitney_libtorch_hint ${whitney_libtorch_hint})

foreach(needed IN ITEMS include/torch/headeronly/version.h include/torch/csrc/api/include/torch/torch.h lib/libtorch_cpu.so
                        lib/libc10.so)
  if(NOT EXISTS "${WHITNEY_TORCH_ROOT}/${needed}")
    message(FATAL_ERROR "WHITNEY_TRAIN=ON needs libtorch ${whitney_libtorch_version}, and ${WHITNEY_TORCH_ROOT} has no "
                        "${needed}. ${whitney_libtorch_hint}")
  endif()
endforeach()

file(STRINGS "${WHITNEY_TORCH_ROOT}/include/torch/headeronly/version.h" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX REPLACE "[^;]*VERSION_[A-Z]+ ([0-9]+)" "\\1" lines "${lines}")
list(JOIN lines "." Libtorch_VERSION)
if(Libtorch_VERSION VERSION_LESS 2.15 OR NOT Libtorch_VERSION VERSION_LESS 3)
  message(FATAL_ERROR "${WHITNEY_TORCH_ROOT} is libtorch ${Libtorch_VERSION}; Whitney needs ${whitney_libtorch_version} or a "
                      "later 2.x. ${whitney_libtorch_hint}")
endif()
message(STATUS "Whitney: libtorch ${Libtorch_VERSION} at ${WHITNEY_TORCH_ROOT}")
set(Libtorch_FOUND TRUE)

add_library(third::libtorch INTERFACE IMPORTED)
target_include_directories(third::libtorch SYSTEM INTERFACE "${WHITNEY_TORCH_ROOT}/include"
                           "${WHITNEY_TORCH_ROOT}/include/torch/csrc/api/include")
# It lies where it was found, beside the other libraries that it names (its own RPATH knows them).
target_link_libraries(third::libtorch INTERFACE "${WHITNEY_TORCH_ROOT}/lib/libtorch_cpu.so"
                      "${WHITNEY_TORCH_ROOT}/lib/libc10.so")
