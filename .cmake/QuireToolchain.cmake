# Compiler warnings, sanitizers, linker and compiler cache, given to targets by quire_target().

find_program(QUIRE_CCACHE ccache)
if(QUIRE_CCACHE)
  # ccache takes precompiled headers only from one who says that __TIME__ and the like do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros" "${QUIRE_CCACHE}")
endif()
find_program(QUIRE_GOLD ld.gold)

add_library(quire_flags INTERFACE)
target_compile_options(quire_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(quire_flags INTERFACE -Wno-restrict)  # cries wolf at strings: GCC bug 105651
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(quire_flags INTERFACE -Wthread-safety)
endif()
# A sixth of bfd's time. Not mold 1.10 (Debian 12's): where thread-local data of one byte ends a page it makes
# programs that do not start ("cannot apply additional memory protection after relocation").
if(QUIRE_GOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_link_options(quire_flags INTERFACE -fuse-ld=gold)
endif()

if(QUIRE_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(QUIRE_SANITIZE MATCHES "^(thread|undefined)$")
  set(sanitizers -fsanitize=${QUIRE_SANITIZE} -fno-sanitize-recover=all)
elseif(QUIRE_SANITIZE)
  message(FATAL_ERROR "QUIRE_SANITIZE is '${QUIRE_SANITIZE}': use address, thread, undefined or nothing")
endif()
if(QUIRE_SANITIZE)
  target_compile_options(quire_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer -g1)
  target_link_options(quire_flags INTERFACE ${sanitizers})
  target_compile_definitions(quire_flags INTERFACE QUIRE_SANITIZED)
  if(QUIRE_SANITIZE STREQUAL "thread")
    # Headers that see this give some types another layout (protobuf's map fields) than the distribution's
    # binaries have.
    target_compile_options(quire_flags INTERFACE -U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
endif()

# quire_target(NAME...): our warnings, and sanitizers where asked for. For every target of ours.
function(quire_target)
  foreach(name ${ARGN})
    target_link_libraries(${name} PRIVATE quire_flags)
  endforeach()
endfunction()

# Headers that most files of a target include anyway, parsed once for all of them. OFF shows that each
# file includes what it uses.
option(QUIRE_PRECOMPILE_HEADERS "Parse the large headers once for many files" ON)

# quire_precompiled(NAME LIBRARIES ... HEADERS ...): parses HEADERS, with the folders of LIBRARIES.
function(quire_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;HEADERS")
  if(NOT QUIRE_PRECOMPILE_HEADERS)
    return()
  endif()
  set(source "${CMAKE_BINARY_DIR}/${name}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// Carries precompiled headers.\n")
  add_library(${name} OBJECT "${source}")
  quire_target(${name})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} Threads::Threads)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# quire_use_precompiled(TARGET NAME): NAME as quire_precompiled() made it.
function(quire_use_precompiled target name)
  if(QUIRE_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
