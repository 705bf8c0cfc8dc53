# whitney_library(<folder> [DECLARATIONS] [LINKS <whitney_folder or third::name> ...])
#
# (With DECLARATIONS only *_options.cc, and no tests: what they declare stands in a library of its own.)
# Compiles the sources of whitney/<folder> into the OBJECT library whitney_<folder>. All of these go, object by object,
# into libwhitney.so, so that a unit which only registers itself is kept. Internals are hidden in the shared library;
# tests and benches therefore link the objects.

set(whitney_root "${CMAKE_CURRENT_SOURCE_DIR}")
set_property(GLOBAL PROPERTY whitney_libraries "")

# What every target of Whitney is compiled with.
add_library(whitney_flags INTERFACE)
target_compile_features(whitney_flags INTERFACE cxx_std_20)
target_include_directories(whitney_flags INTERFACE "${whitney_root}")
target_compile_definitions(whitney_flags INTERFACE $<$<BOOL:${WHITNEY_STD_THREADS}>:WHITNEY_STD_THREADS=1>)
target_compile_options(whitney_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                       # g++ 12 is wrong about sums of std::string (its bug 105651 and kin)
                       "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>"
                       $<$<BOOL:${WHITNEY_WERROR}>:-Werror>)
target_link_libraries(whitney_flags INTERFACE Threads::Threads)

# Tests link the objects of their floors, for internals are hidden in the shared library. Under sanitizers it hides
# nothing and all tests link it: sixteen programs with the objects inside took longer to link than to run.
set(whitney_tests_share OFF)
set(whitney_visibility hidden)
if(WHITNEY_SANITIZE AND NOT WHITNEY_FUZZ)
  set(whitney_tests_share ON)
  set(whitney_visibility default)
endif()
add_library(whitney_borrowed INTERFACE)  # what the shared library links of third parties

# One precompiled header serves all folders; it holds only what nearly every file includes.
if(WHITNEY_PCH)
  add_library(whitney_precompiled OBJECT "${whitney_root}/cmake/precompiled.cc")
  target_link_libraries(whitney_precompiled PRIVATE whitney_flags)
  set_target_properties(whitney_precompiled PROPERTIES POSITION_INDEPENDENT_CODE ON
                        CXX_VISIBILITY_PRESET ${whitney_visibility} VISIBILITY_INLINES_HIDDEN ON CXX_EXTENSIONS OFF)
  target_precompile_headers(whitney_precompiled PRIVATE
    <algorithm> <array> <atomic> <bit> <chrono> <cmath> <cstdint> <cstring> <filesystem> <functional> <limits> <map>
    <memory> <mutex> <numeric> <optional> <span> <sstream> <stdexcept> <string> <string_view> <tuple> <type_traits>
    <unordered_map> <unordered_set> <utility> <variant> <vector>)
endif()

function(whitney_target_defaults target)
  target_link_libraries(${target} PRIVATE whitney_flags)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
                        CXX_VISIBILITY_PRESET ${whitney_visibility} VISIBILITY_INLINES_HIDDEN ON CXX_EXTENSIONS OFF)
  if(WHITNEY_PCH)
    target_precompile_headers(${target} REUSE_FROM whitney_precompiled)
  endif()
endfunction()

# whitney_join(<target> <kind> <sources per unit>): with WHITNEY_JOIN "all" or that kind, compiles the target's sources
# several at a time, as one: headers and templates that they share are compiled once. Which may be joined,
# tools/joined_sources.py says.
function(whitney_join target kind size)
  if(NOT WHITNEY_JOIN STREQUAL "all" AND NOT WHITNEY_JOIN STREQUAL kind)
    return()
  endif()
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  get_target_property(sources ${target} SOURCES)
  set(alone "")
  foreach(source IN LISTS sources)
    get_source_file_property(definitions ${source} COMPILE_DEFINITIONS)
    get_source_file_property(options ${source} COMPILE_OPTIONS)
    if(definitions OR options)  # of its own
      list(APPEND alone ${source})
    endif()
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources} "${whitney_root}/tools/joined_sources.py")
  list(REMOVE_ITEM sources ${alone} "")
  execute_process(COMMAND "${Python3_EXECUTABLE}" "${whitney_root}/tools/joined_sources.py" --size ${size}
                          --into "${CMAKE_CURRENT_BINARY_DIR}/joined_${target}" ${sources}
                  OUTPUT_VARIABLE units COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" units "${units}")
  set_property(TARGET ${target} PROPERTY SOURCES ${alone} ${units})
  # A joined file is no header, so that a member of a file-local type does no harm.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# Sets `out` to the targets named in the arguments and everything of Whitney below them.
function(whitney_closure out)
  set(all "")
  foreach(library IN LISTS ARGN)
    if(TARGET ${library})
      get_property(below GLOBAL PROPERTY ${library}_closure)
      list(APPEND all ${below} ${library})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES all)
  set(${out} ${all} PARENT_SCOPE)
endfunction()

# Sets `out` to the object files of the targets named in the arguments.
function(whitney_objects out)
  list(TRANSFORM ARGN REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  set(${out} ${ARGN} PARENT_SCOPE)
endfunction()

function(whitney_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "DECLARATIONS" "" "LINKS")
  set(pattern "*.cc")
  if(arg_DECLARATIONS)
    set(pattern "*_options.cc")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${pattern}")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  set(whitney_links ${arg_LINKS})
  list(FILTER whitney_links INCLUDE REGEX "^whitney_")
  set(third_links ${arg_LINKS})
  list(FILTER third_links EXCLUDE REGEX "^whitney_")
  whitney_closure(below ${whitney_links})

  set(self "")
  if(sources)
    set(self whitney_${folder})
    add_library(${self} OBJECT ${sources})
    whitney_target_defaults(${self})
    target_link_libraries(${self} PUBLIC ${third_links})
    target_link_libraries(whitney_borrowed INTERFACE ${third_links})
    whitney_join(${self} library 8)
    set_property(GLOBAL PROPERTY ${self}_closure ${below} ${self})
    set_property(GLOBAL APPEND PROPERTY whitney_libraries ${self})
  endif()
  if(arg_DECLARATIONS)
    return()
  endif()
  set(code ${below} ${self})
  set(links ${code})
  if(whitney_tests_share)
    set(links whitney whitney_borrowed)
  endif()
  if(WHITNEY_TESTS)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc")
    if(WHITNEY_SANITIZE MATCHES "thread")
      whitney_keep_tests_of_threads(tests)
    endif()
    whitney_test(whitney_${folder}_tests SOURCES ${tests} LINKS ${links} CODE ${code})
  endif()
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cc")
  # (A parser of one buffer has no second thread.)
  if((WHITNEY_TESTS OR WHITNEY_FUZZ) AND NOT WHITNEY_SANITIZE MATCHES "thread")
    foreach(fuzzer IN LISTS fuzzers)
      whitney_fuzzer(${fuzzer} LINKS ${links} CODE ${code})
    endforeach()
  endif()
endfunction()

# libwhitney.so: everything above, with one registry.
function(whitney_shared_library)
  get_property(libraries GLOBAL PROPERTY whitney_libraries)
  if(NOT libraries)
    return()
  endif()
  add_library(whitney SHARED)
  add_library(Whitney::whitney ALIAS whitney)
  target_link_libraries(whitney PRIVATE whitney_flags ${libraries})
  target_compile_features(whitney PUBLIC cxx_std_20)
  target_include_directories(whitney PUBLIC "$<BUILD_INTERFACE:${whitney_root}>"
                             "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_options(whitney PRIVATE -Wl,--as-needed)
  set_target_properties(whitney PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION 0)
  if(WHITNEY_SANITIZE OR WHITNEY_FUZZ)
    set_target_properties(whitney PROPERTIES EXCLUDE_FROM_ALL ON)  # tests link the objects
  else()
    target_link_options(whitney PRIVATE -Wl,-z,defs)
  endif()
endfunction()
