# The training rooms, whitney/train: libwhitney_train.so, which libwhitney.so loads when something trains, and the only code that
# knows libtorch. Declarations (*_options.cc) are in libwhitney.so, so that every program lists these methods.

function(whitney_training)
  find_package(Libtorch MODULE REQUIRED)
  set(folder "${whitney_root}/whitney/train")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.cc")
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${folder}/*_test.cc")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|options)\\.cc$")

  # torch/torch.h takes 18 s to read: once, for the library and its tests.
  add_library(whitney_train_precompiled OBJECT "${whitney_root}/cmake/precompiled.cc")
  add_library(whitney_training OBJECT ${sources})
  foreach(target IN ITEMS whitney_train_precompiled whitney_training)
    target_link_libraries(${target} PRIVATE whitney_flags third::libtorch)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
                          CXX_VISIBILITY_PRESET ${whitney_visibility} VISIBILITY_INLINES_HIDDEN ON)
  endforeach()
  target_precompile_headers(whitney_train_precompiled PRIVATE
    <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <numeric> <optional> <span>
    <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector> <torch/torch.h>)
  target_precompile_headers(whitney_training REUSE_FROM whitney_train_precompiled)
  whitney_join(whitney_training library 8)

  # (Named by its part; the name as a target is that of the declarations.)
  add_library(whitney_train_plug_in SHARED)
  target_link_libraries(whitney_train_plug_in PRIVATE whitney_flags whitney_training whitney third::libtorch)
  target_link_options(whitney_train_plug_in PRIVATE -Wl,--as-needed)
  set_target_properties(whitney_train_plug_in PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME whitney_train
                        BUILD_RPATH "$ORIGIN;${WHITNEY_TORCH_ROOT}/lib" BUILD_RPATH_USE_ORIGIN ON
                        INSTALL_RPATH "$ORIGIN;${WHITNEY_TORCH_ROOT}/lib")
  if(WHITNEY_SANITIZE)
    set_target_properties(whitney_train_plug_in PROPERTIES EXCLUDE_FROM_ALL ON)  # tests link the objects
  else()
    target_link_options(whitney_train_plug_in PRIVATE -Wl,-z,defs)
  endif()

  if(WHITNEY_TESTS)
    get_property(libraries GLOBAL PROPERTY whitney_libraries)
    set(links ${libraries})
    if(whitney_tests_share)
      set(links whitney whitney_borrowed)
    endif()
    whitney_test(whitney_train_tests SOURCES ${tests} LINKS whitney_training ${links} third::libtorch
                 CODE ${libraries} whitney_training PRECOMPILED whitney_train_precompiled)
  endif()
endfunction()
