# find_package(ofauth): libofauth with its C header, and the C++17 wrapper, which is a header alone.
#
#   ofauth::ofauth   the shared library
#   ofauth::static   the static library, with the system libraries that it needs
#
# Finds everything relative to itself, wherever the tree was put, and takes what is known elsewhere from there: the
# version from ofauth.h, the system libraries from ofauth.pc.

get_filename_component(_ofauth_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_ofauth_lib "")
foreach(_ofauth_candidate lib lib64 "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
  if(EXISTS "${_ofauth_prefix}/${_ofauth_candidate}/pkgconfig/ofauth.pc")
    set(_ofauth_lib "${_ofauth_prefix}/${_ofauth_candidate}")
  endif()
endforeach()
if(NOT _ofauth_lib)
  set(ofauth_FOUND FALSE)
  set(ofauth_NOT_FOUND_MESSAGE "ofauth.pc is in no library directory of ${_ofauth_prefix}")
  return()
endif()

set(_ofauth_shared "${_ofauth_lib}/libofauth${CMAKE_SHARED_LIBRARY_SUFFIX}")
if(EXISTS "${_ofauth_shared}" AND NOT TARGET ofauth::ofauth)
  add_library(ofauth::ofauth SHARED IMPORTED)
  set_target_properties(ofauth::ofauth PROPERTIES
    IMPORTED_LOCATION "${_ofauth_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${_ofauth_prefix}/include")
endif()

set(_ofauth_static "${_ofauth_lib}/libofauth${CMAKE_STATIC_LIBRARY_SUFFIX}")
if(EXISTS "${_ofauth_static}" AND NOT TARGET ofauth::static)
  file(STRINGS "${_ofauth_lib}/pkgconfig/ofauth.pc" _ofauth_private REGEX "^Libs\\.private:")
  string(REGEX REPLACE "^Libs\\.private: *" "" _ofauth_private "${_ofauth_private}")
  separate_arguments(_ofauth_private UNIX_COMMAND "${_ofauth_private}")
  add_library(ofauth::static STATIC IMPORTED)
  set_target_properties(ofauth::static PROPERTIES
    IMPORTED_LOCATION "${_ofauth_static}"
    INTERFACE_INCLUDE_DIRECTORIES "${_ofauth_prefix}/include"
    INTERFACE_LINK_LIBRARIES "${_ofauth_private}")
endif()

# The wrapper needs C++17. A project without C++ has no such feature to ask for.
if(CMAKE_CXX_COMPILE_FEATURES)
  foreach(_ofauth_target ofauth::ofauth ofauth::static)
    if(TARGET ${_ofauth_target})
      set_property(TARGET ${_ofauth_target} PROPERTY INTERFACE_COMPILE_FEATURES cxx_std_17)
    endif()
  endforeach()
endif()

if(NOT TARGET ofauth::ofauth AND NOT TARGET ofauth::static)
  set(ofauth_FOUND FALSE)
  set(ofauth_NOT_FOUND_MESSAGE "libofauth is not in ${_ofauth_lib}")
endif()

unset(_ofauth_prefix)
unset(_ofauth_lib)
unset(_ofauth_candidate)
unset(_ofauth_shared)
unset(_ofauth_static)
unset(_ofauth_private)
unset(_ofauth_target)
