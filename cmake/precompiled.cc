// Owns the precompiled header of the library; see whitney_library.cmake.
