# Fails if ofauth.hpp leaves out a function or a constant of ofauth.h. Run with -DHEADER= and -DWRAPPERS=.
cmake_minimum_required(VERSION 3.18)

file(READ "${HEADER}" header)
set(wrapper "")
foreach(file IN LISTS WRAPPERS)
    file(READ "${file}" text)
    string(APPEND wrapper "${text}")
endforeach()

string(REGEX MATCHALL "ofauth_[a-z0-9_]+\\(" functions "${header}")
string(REGEX MATCHALL "define OFAUTH_(OK|ERR|PHASE|LOG|NOTICE|SESSION|UNKNOWN)[A-Z0-9_]*" constants "${header}")
list(TRANSFORM functions REPLACE "\\($" "")
list(TRANSFORM constants REPLACE "define " "")
# The status of an error is what its function returned.
set(not_wrapped ofauth_error_status)

set(missing "")
foreach(name IN LISTS functions constants)
    if(NOT name IN_LIST not_wrapped AND NOT wrapper MATCHES "[^A-Za-z0-9_]${name}[^A-Za-z0-9_]")
        list(APPEND missing ${name})
    endif()
endforeach()

list(REMOVE_DUPLICATES functions)
list(LENGTH functions function_count)
list(LENGTH constants constant_count)
if(function_count LESS 60 OR constant_count LESS 30)
    message(FATAL_ERROR "only ${function_count} functions and ${constant_count} constants were found in ${HEADER}")
endif()
if(missing)
    message(FATAL_ERROR "ofauth.hpp does not have: ${missing}")
endif()
message(STATUS "${function_count} functions and ${constant_count} constants")
