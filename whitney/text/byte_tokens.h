#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/text/vocabulary.h"

namespace whitney::text {

/// The ids of "<0x00>" to "<0xFF>", which spell characters without a token; kNoToken where one is missing.
WHITNEY_API std::array<int32_t, 256> byte_tokens(const Vocabulary& vocabulary);
/// Says whether each byte of a piece has a token.
WHITNEY_API bool spells_all(std::string_view piece, const std::array<int32_t, 256>& byte_ids);
/// The byte that a token such as "<0x0A>" stands for, or -1.
WHITNEY_API int byte_of_token(std::string_view token);

}  // namespace whitney::text
