# Finds every library. What is missing is named together with what installs it.

set(QUIRE_CACHE_DIR "" CACHE PATH "Where ./deploy/setup keeps libtorch and protos")
if(NOT QUIRE_CACHE_DIR)
  if(DEFINED ENV{QUIRE_CACHE_DIR})
    set(QUIRE_CACHE_DIR "$ENV{QUIRE_CACHE_DIR}" CACHE PATH "" FORCE)
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(QUIRE_CACHE_DIR "$ENV{XDG_CACHE_HOME}/quire" CACHE PATH "" FORCE)
  else()
    set(QUIRE_CACHE_DIR "$ENV{HOME}/.cache/quire" CACHE PATH "" FORCE)
  endif()
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
# The HTTP server that prometheus-cpp has for metrics, for the status page beside them; it brings no
# package file.
find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
if(QUIRE_BUILD_RENDER OR QUIRE_BUILD_WORKER OR QUIRE_BUILD_CLIENT OR QUIRE_BUILD_TESTS)
  find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs)
endif()
if(QUIRE_BUILD_CLIENT)
  find_package(CURL REQUIRED)
  find_package(OpenSSL REQUIRED COMPONENTS Crypto)
  pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo cairo-png)
  pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
  pkg_check_modules(CMARK_GFM REQUIRED IMPORTED_TARGET libcmark-gfm)
  find_library(QUIRE_CMARK_GFM_EXTENSIONS cmark-gfm-extensions REQUIRED)
endif()
if(QUIRE_BUILD_RENDER)
  pkg_check_modules(POPPLER_CPP REQUIRED IMPORTED_TARGET poppler-cpp)
  find_package(TIFF REQUIRED)
endif()
if(QUIRE_BUILD_WORKER OR QUIRE_BUILD_CLIENT)
  pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
endif()
if(QUIRE_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()

if(QUIRE_WITH_TORCH AND QUIRE_BUILD_WORKER)
  set(QUIRE_TORCH_DIR "" CACHE PATH "Folder of the torch package (has include/ and lib/)")
  if(NOT QUIRE_TORCH_DIR)
    file(GLOB found "${QUIRE_CACHE_DIR}/torch-2.11.0/torch/lib/libtorch_cpu.*")
    if(found)
      set(QUIRE_TORCH_DIR "${QUIRE_CACHE_DIR}/torch-2.11.0/torch" CACHE PATH "" FORCE)
    else()
      execute_process(COMMAND python3 -c
        "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
        OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      if(found)
        set(QUIRE_TORCH_DIR "${found}" CACHE PATH "" FORCE)
      endif()
    endif()
  endif()
  if(NOT EXISTS "${QUIRE_TORCH_DIR}/include/ATen/core/Tensor.h")
    message(FATAL_ERROR "libtorch was not found (QUIRE_TORCH_DIR is '${QUIRE_TORCH_DIR}'): run "
      "./deploy/setup, or give -DQUIRE_TORCH_DIR=.../site-packages/torch, or -DQUIRE_WITH_TORCH=OFF")
  endif()

  # The wheel's headers go in last (-idirafter), since it carries an old protobuf's. It is linked by
  # path: its own CMake package would bring CUDA in. Its OpenMP run time comes along, for at::parallel_for.
  file(GLOB QUIRE_TORCH_OPENMP "${QUIRE_TORCH_DIR}/lib/libgomp*.so*")
  add_library(quire_torch INTERFACE)
  target_compile_options(quire_torch INTERFACE "SHELL:-idirafter ${QUIRE_TORCH_DIR}/include")
  target_link_libraries(quire_torch INTERFACE
    "${QUIRE_TORCH_DIR}/lib/libtorch_cpu${CMAKE_SHARED_LIBRARY_SUFFIX}"
    "${QUIRE_TORCH_DIR}/lib/libc10${CMAKE_SHARED_LIBRARY_SUFFIX}" ${QUIRE_TORCH_OPENMP})
  get_filename_component(torch_site "${QUIRE_TORCH_DIR}" DIRECTORY)
  target_link_options(quire_torch INTERFACE
    -Wl,--disable-new-dtags "-Wl,-rpath,${QUIRE_TORCH_DIR}/lib"
    "-Wl,-rpath-link,${torch_site}/nvidia/cu13/lib")

  # quire_allocator: for programs that read pages on a CPU. Every operator of libtorch takes megabytes and
  # gives them back, for which glibc goes to the system each time (engine_bench: a tenth of a page's time).
  add_library(quire_allocator INTERFACE)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT QUIRE_SANITIZE)
    find_library(QUIRE_TCMALLOC libtcmalloc_minimal.a)
    if(QUIRE_TCMALLOC)
      target_link_libraries(quire_allocator INTERFACE "${QUIRE_TCMALLOC}")
    else()
      message(STATUS "gperftools' libtcmalloc_minimal.a was not found: pages take longer on a CPU")
    endif()
  endif()
endif()
