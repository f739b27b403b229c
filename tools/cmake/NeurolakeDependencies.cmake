# What neurolake_core stands on. Used by the build and by the installed CMake package alike, so that both link the same things.
# SPDX-License-Identifier: Apache-2.0
#
# Archives are taken where the system ships them: the dynamic loader's work at each start is most of a short command's time.
# libcurl and libpq are not here: they are loaded when first used.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(simdjson)

# neurolake_dependency(name library header): imported target neurolake_dep::<name> of lib<library>.a, or the shared one without it.
function(neurolake_dependency name library header)
  if(TARGET neurolake_dep::${name})
    return()
  endif()
  string(TOUPPER NEUROLAKE_${name} prefix)
  find_library(${prefix}_LIBRARY NAMES lib${library}.a ${library})
  find_path(${prefix}_INCLUDE_DIR ${header})
  mark_as_advanced(${prefix}_LIBRARY ${prefix}_INCLUDE_DIR)
  if(NOT ${prefix}_LIBRARY OR NOT ${prefix}_INCLUDE_DIR)
    message(FATAL_ERROR "neurolake needs ${library} (${header}); tools/install-deps build installs it")
  endif()
  add_library(neurolake_dep::${name} UNKNOWN IMPORTED)
  set_target_properties(neurolake_dep::${name} PROPERTIES
    IMPORTED_LOCATION "${${prefix}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${${prefix}_INCLUDE_DIR}")
endfunction()

neurolake_dependency(yaml yaml-cpp yaml-cpp/yaml.h)
neurolake_dependency(crypto crypto openssl/evp.h)
neurolake_dependency(zlib z zlib.h)
neurolake_dependency(zstd zstd zstd.h)
neurolake_dependency(sqlite sqlite3 sqlite3.h)
# An archive does not say what it needs itself: libcrypto.a loads providers and makes threads, libsqlite3.a computes.
set_property(TARGET neurolake_dep::crypto PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
set_property(TARGET neurolake_dep::sqlite PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS} m)
