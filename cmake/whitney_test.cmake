# Tests: found from *_test.cc, one program per folder; fuzzers: found from *_fuzz.cc, replayed as plain tests.

set(whitney_test_options "")
if(WHITNEY_JOIN)  # from nothing: the library under the tests is as fast as ever, they need not be
  list(APPEND whitney_test_options -O0)
endif()
# Undefined behaviour is looked for in the library; in the templates of the test frameworks, its checks take minutes.
if(WHITNEY_SANITIZE MATCHES "undefined")
  list(APPEND whitney_test_options -fno-sanitize=undefined)
endif()

if(WHITNEY_PCH AND WHITNEY_TESTS AND NOT WHITNEY_TESTS_FROM)
  add_library(whitney_test_precompiled OBJECT "${whitney_root}/cmake/precompiled.cc")
  target_link_libraries(whitney_test_precompiled PRIVATE whitney_flags third::gtest third::gmock third::rapidcheck)
  set_target_properties(whitney_test_precompiled PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(whitney_test_precompiled PRIVATE ${whitney_test_options})
  target_precompile_headers(whitney_test_precompiled PRIVATE
    <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <numeric> <optional> <random>
    <set> <span> <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <gmock/gmock.h> <gtest/gtest.h> <rapidcheck.h> <rapidcheck/gtest.h>)
endif()

# Every test runs with fixed seeds, and finds the real data where WHITNEY_DATA or ../shared/data is.
set(whitney_property_parameters "seed=42")
if(WHITNEY_SANITIZE)  # a hundred cases of a property take minutes there
  string(APPEND whitney_property_parameters " max_success=25")
endif()
configure_file("${whitney_root}/cmake/test_environment.cmake.in" "${CMAKE_BINARY_DIR}/test_environment.cmake" @ONLY)
function(whitney_use_test_environment)
  get_property(scripts DIRECTORY PROPERTY TEST_INCLUDE_FILES)
  if(NOT "${CMAKE_BINARY_DIR}/test_environment.cmake" IN_LIST scripts)
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${CMAKE_BINARY_DIR}/test_environment.cmake")
  endif()
endfunction()

# ThreadSanitizer's shadow memory does not stand every layout of a randomised address space. Where a container forbids
# to switch that off, the tests run without.
if(WHITNEY_SANITIZE MATCHES "thread")
  set(fixed_layout setarch ${CMAKE_HOST_SYSTEM_PROCESSOR} -R)
  execute_process(COMMAND ${fixed_layout} true RESULT_VARIABLE forbidden OUTPUT_QUIET ERROR_QUIET)
  if(forbidden)
    message(STATUS "`setarch -R` is not allowed here: ThreadSanitizer runs in the address space as it is")
  else()
    set(CMAKE_CROSSCOMPILING_EMULATOR "${fixed_layout}")
  endif()
endif()

# A program's tests run in so many processes together: to start one for each test takes longer than most tests do.
set(whitney_shards 6)

# Real models, what codecs lose and walks find, and the quality of a graph after many changes add minutes under sanitizers,
# and no code that other tests do not run. Damaged files and a word of ten megabytes are read on one thread, where
# ThreadSanitizer has nothing to look for; nor has it in what numbers come out.
set(whitney_left_out "*MiniLm*:*SmolLm2*:CodecQuality.*:*AfterChurn*:*LosesLess*:*LoseLess*:*FindsNearlyAll*")
if(WHITNEY_SANITIZE MATCHES "thread")
  string(APPEND whitney_left_out
    ":*Damaged*:*Flipped*:*TenMegabytes*:*BoundsFindTheNearest*:*BlocksGiveTheHits*:*WhatTheseCanTell*"
    ":*AgreesWithItsDefinition*:Bootstrap.Holds*:Bootstrap.Covers*:*ApproximatesTheGram*:*NeverRaisesTheInertia*")
endif()
if(WHITNEY_TESTS_FROM)  # compares the library's levels with those that the test was compiled for
  string(APPEND whitney_left_out ":Simd.ListsEveryLevelThatThisMachineAndBuildHave")
endif()

# Without a second thread there is no race: ThreadSanitizer looks at the test files that set a number of threads; at all
# their tests in `check --long`. Others may use threads by default, in code that these run at 1, 2 and 5.
function(whitney_keep_tests_of_threads list)
  set(kept "")
  foreach(test IN LISTS ${list})
    file(STRINGS ${test} found REGEX "thread|parallel" LIMIT_COUNT 1)
    if(found)
      list(APPEND kept ${test})
    endif()
  endforeach()
  set(${list} ${kept} PARENT_SCOPE)
endfunction()

# Sets `out` to what chooses, in a program that holds the tests of other sources, too, those of these that set a number of
# threads.
function(whitney_tests_of_threads out)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(tool "${whitney_root}/tools/thread_tests.py")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN} "${tool}")
  execute_process(COMMAND "${Python3_EXECUTABLE}" "${tool}" ${ARGN} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
                  OUTPUT_VARIABLE pattern OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${pattern}" PARENT_SCOPE)
endfunction()

# Adds a test program: of its sources, or of what the build in WHITNEY_TESTS_FROM has compiled of them. Sanitizers then
# look at the library, at every allocation, free and lock, and not at what the tests themselves do with their own.
# Sets `objects` to its objects.
function(whitney_test_program target sources precompiled)
  if(WHITNEY_TESTS_FROM)
    set(list "${WHITNEY_TESTS_FROM}/test_objects/${target}.txt")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
    file(STRINGS "${list}" objects)
    set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    add_executable(${target} ${objects})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    set(objects ${objects} PARENT_SCOPE)
    return()
  endif()
  add_executable(${target} ${sources})
  if(precompiled)  # of other flags it could not be used
    target_compile_options(${target} PRIVATE -fPIC)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET ${whitney_visibility}
                          VISIBILITY_INLINES_HIDDEN ON)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
  else()
    target_compile_options(${target} PRIVATE ${whitney_test_options})
  endif()
  if(WHITNEY_PCH AND NOT precompiled)
    target_precompile_headers(${target} REUSE_FROM whitney_test_precompiled)
  endif()
  whitney_join(${target} tests 8)
  set(objects "$<TARGET_OBJECTS:${target}>" PARENT_SCOPE)
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/test_objects/${target}.txt"
       CONTENT "$<JOIN:$<TARGET_OBJECTS:${target}>,\n>\n")
endfunction()

# whitney_test_group(<group> <test> ... INPUTS <file or folder> ...): labels tests that ./check runs again only when one of
# their inputs has changed since all of them passed (tools/test_groups.py).
function(whitney_test_group group)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "INPUTS")
  set(label "${WHITNEY_TEST_PREFIX}${group}")
  set_tests_properties(${arg_UNPARSED_ARGUMENTS} PROPERTIES LABELS "${label}")
  string(REPLACE "/" "-" file "${label}")
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/test_groups/${file}.txt" CONTENT "${label}\n$<JOIN:${arg_INPUTS},\n>\n")
endfunction()

# whitney_test(<target> SOURCES <file> ... LINKS <target> ... CODE <target> ... [PRECOMPILED <target>]): a test program and its
# tests, of the code in these object libraries; compiled as that target is, with its precompiled header.
function(whitney_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES;LINKS;CODE")
  if(NOT arg_SOURCES)
    return()
  endif()
  whitney_test_program(${target} "${arg_SOURCES}" "${arg_PRECOMPILED}")
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests"
                        LINK_DEPENDS_NO_SHARED ON)
  target_link_libraries(${target} PRIVATE whitney_flags ${arg_LINKS} third::rapidcheck third::gtest_main third::gmock
                        third::gtest)
  whitney_use_test_environment()
  string(REGEX REPLACE "^whitney_(.*)_tests$" "\\1" name ${target})
  set(options --gtest_brief=1)
  set(environment "GTEST_TOTAL_SHARDS=${whitney_shards}")
  if(WHITNEY_SANITIZE)
    set(chosen "")
    if(WHITNEY_TESTS_FROM AND WHITNEY_SANITIZE MATCHES "thread")
      whitney_tests_of_threads(chosen ${arg_SOURCES})
    endif()
    list(APPEND options "--gtest_filter=${chosen}-${whitney_left_out}")
    list(APPEND environment WHITNEY_ONE_IN=8)
  endif()
  set(tests "")
  math(EXPR last "${whitney_shards} - 1")
  foreach(shard RANGE ${last})
    set(test ${WHITNEY_TEST_PREFIX}${name}.${shard})
    list(APPEND tests ${test})
    add_test(NAME ${test} COMMAND ${target} ${options})
    # They are long, so they start first (COST).
    set_tests_properties(${test} PROPERTIES TIMEOUT 300 COST 100 ENVIRONMENT "${environment};GTEST_SHARD_INDEX=${shard}")
  endforeach()
  whitney_objects(code ${arg_CODE})
  whitney_test_group(${name} ${tests} INPUTS ${code} ${objects} "${whitney_root}/tests/data")
endfunction()

# The plain build flips every bit; under sanitizers that takes minutes: one of each byte, another one in the next.
set(whitney_replay_options "")
if(WHITNEY_SANITIZE)
  set(whitney_replay_options --bits 1)
endif()

# whitney_fuzzer(<name>_fuzz.cc LINKS <target> ... CODE <target> ...): a libFuzzer program with WHITNEY_FUZZ, else a test that replays
# tests/fuzz/corpus/<name>, cut short at every byte and with single bits flipped.
function(whitney_fuzzer source)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;CODE")
  get_filename_component(name ${source} NAME)
  string(REGEX REPLACE "_fuzz\\.cc$" "" name ${name})
  set(target whitney_fuzz_${name})
  add_executable(${target} ${source})
  whitney_target_defaults(${target})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz" DISABLE_PRECOMPILE_HEADERS ON)
  target_link_libraries(${target} PRIVATE ${arg_LINKS})
  if(WHITNEY_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE "${whitney_root}/tests/fuzz/replay_main.cc")
    set(test ${WHITNEY_TEST_PREFIX}fuzz_replay.${name})
    set(corpus "${whitney_root}/tests/fuzz/corpus/${name}")
    add_test(NAME ${test} COMMAND ${target} ${whitney_replay_options} "${corpus}")
    set_tests_properties(${test} PROPERTIES TIMEOUT 120)
    whitney_objects(code ${arg_CODE} ${target})
    whitney_test_group(fuzz_replay.${name} ${test} INPUTS ${code} "${corpus}")
    whitney_use_test_environment()
  endif()
endfunction()
