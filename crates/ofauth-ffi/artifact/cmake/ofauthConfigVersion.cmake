# Which versions find_package(ofauth VERSION) accepts: the same or a newer one of the same major version; before 1.0,
# of the same minor version. The version of this package is the one of its header.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../../include/ofauth.h" _ofauth_line
  REGEX "^#define OFAUTH_VERSION \"")
string(REGEX REPLACE ".*\"([^\"]*)\".*" "\\1" PACKAGE_VERSION "${_ofauth_line}")
string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _ofauth_series "${PACKAGE_VERSION}")
string(REGEX MATCH "^(0\\.[0-9]+|[0-9]+)" _ofauth_wanted_series "${PACKAGE_FIND_VERSION}")

if(PACKAGE_FIND_VERSION_RANGE)
  # From 3.19 on: find_package(ofauth 0.1...<0.3). The upper end decides, not the series.
  set(_ofauth_new_enough TRUE)
  if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MIN)
    set(_ofauth_new_enough FALSE)
  endif()
  set(PACKAGE_VERSION_COMPATIBLE ${_ofauth_new_enough})
  if(PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE" AND PACKAGE_VERSION VERSION_GREATER PACKAGE_FIND_VERSION_MAX)
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  elseif(PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE"
      AND NOT PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX)
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  endif()
elseif(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION OR NOT _ofauth_series STREQUAL _ofauth_wanted_series)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()

unset(_ofauth_line)
unset(_ofauth_series)
unset(_ofauth_wanted_series)
