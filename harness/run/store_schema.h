#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

namespace flashdiff::detail {

/// The version of the tables that this program writes (PRAGMA user_version). Older stores are read as they
/// are, and brought here when one is opened for writing; of newer ones nothing is known.
[[nodiscard]] int newest_version();

/// Makes the tables of an empty database, or brings those of an older store here, step by step, all or
/// nothing. Whoever does the same at the same moment is waited for. Throws SQLite::Exception.
void migrate(SQLite::Database& sql);

}  // namespace flashdiff::detail
