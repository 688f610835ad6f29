#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

namespace flashdiff::detail {

/// "fdst": what `PRAGMA application_id` of a store says (sqlite.org/pragma.html#pragma_application_id).
inline constexpr int application_id = 0x66647374;

/// The version of the tables that this program writes (PRAGMA user_version). Older stores are read as they
/// are, and brought here when one is opened for writing; of newer ones nothing is known.
[[nodiscard]] int newest_version();

/// Makes a store of an empty database, or brings those of an older store here, step by step, all or
/// nothing. Whoever does the same at the same moment is waited for. Throws SQLite::Exception.
void migrate(SQLite::Database& sql);

}  // namespace flashdiff::detail
