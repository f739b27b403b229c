// postgres_library.cpp: dlopen of libpq.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/postgres_library.hpp"

#include <dlfcn.h>

#include <string>

namespace neurolake::catalog {
namespace {

Error not_there(std::string why) {
    return Error(Errc::unsupported,
                 "the postgresql backend of the catalog needs libpq, which cannot be loaded: " + std::move(why),
                 "install it: apt-get install libpq5");
}

template <typename Function>
bool find(void* handle, const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(handle, name));
    return into != nullptr;
}

bool find_all(void* handle, PostgresLibrary& l) {
    return find(handle, "PQconnectdbParams", l.connect) && find(handle, "PQfinish", l.finish) &&
           find(handle, "PQreset", l.reset) && find(handle, "PQstatus", l.status) &&
           find(handle, "PQerrorMessage", l.error_message) && find(handle, "PQhost", l.host) &&
           find(handle, "PQport", l.port) && find(handle, "PQdb", l.database) && find(handle, "PQpass", l.password) &&
           find(handle, "PQparameterStatus", l.parameter_status) && find(handle, "PQconninfoParse", l.parse) &&
           find(handle, "PQconninfoFree", l.free_parsed) && find(handle, "PQconndefaults", l.defaults) &&
           find(handle, "PQfreemem", l.free_memory) && find(handle, "PQexecParams", l.execute) &&
           find(handle, "PQresultStatus", l.result_status) && find(handle, "PQresultErrorField", l.error_field) &&
           find(handle, "PQntuples", l.rows) && find(handle, "PQnfields", l.columns) &&
           find(handle, "PQgetvalue", l.value) && find(handle, "PQgetlength", l.length) &&
           find(handle, "PQgetisnull", l.is_null) && find(handle, "PQcmdTuples", l.rows_changed) &&
           find(handle, "PQclear", l.clear) && find(handle, "PQsetNoticeProcessor", l.set_notice_processor);
}

Result<PostgresLibrary> load() {
    void* handle = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return not_there(why != nullptr ? why : "not found");
    }
    PostgresLibrary loaded;
    if (!find_all(handle, loaded)) return not_there("it is too old (9.3 is needed)");
    return loaded;
}

}  // namespace

Result<const PostgresLibrary*> postgres_library() {
    static const Result<PostgresLibrary> loaded = load();
    if (!loaded) return loaded.error();
    return &*loaded;
}

}  // namespace neurolake::catalog
