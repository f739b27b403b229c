// postgres_library.hpp: libpq behind a fence: its functions, found in the system's library when first asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include "base/result.hpp"

namespace neurolake::catalog {

// Linking libpq would cost every command the loading of its 20 libraries; only a catalog in PostgreSQL pays it.
struct PostgresLibrary {
    decltype(&::PQconnectdbParams) connect = nullptr;
    decltype(&::PQfinish) finish = nullptr;
    decltype(&::PQreset) reset = nullptr;
    decltype(&::PQstatus) status = nullptr;
    decltype(&::PQerrorMessage) error_message = nullptr;
    decltype(&::PQhost) host = nullptr;
    decltype(&::PQport) port = nullptr;
    decltype(&::PQdb) database = nullptr;
    decltype(&::PQpass) password = nullptr;
    decltype(&::PQparameterStatus) parameter_status = nullptr;
    decltype(&::PQconninfoParse) parse = nullptr;
    decltype(&::PQconninfoFree) free_parsed = nullptr;
    decltype(&::PQconndefaults) defaults = nullptr;
    decltype(&::PQfreemem) free_memory = nullptr;
    decltype(&::PQexecParams) execute = nullptr;
    decltype(&::PQresultStatus) result_status = nullptr;
    decltype(&::PQresultErrorField) error_field = nullptr;
    decltype(&::PQntuples) rows = nullptr;
    decltype(&::PQnfields) columns = nullptr;
    decltype(&::PQgetvalue) value = nullptr;
    decltype(&::PQgetlength) length = nullptr;
    decltype(&::PQgetisnull) is_null = nullptr;
    decltype(&::PQcmdTuples) rows_changed = nullptr;
    decltype(&::PQclear) clear = nullptr;
    decltype(&::PQsetNoticeProcessor) set_notice_processor = nullptr;
};

// Loaded once per process and never unloaded; unsupported when it is not installed or too old.
Result<const PostgresLibrary*> postgres_library();

}  // namespace neurolake::catalog
