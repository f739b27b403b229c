// http_library.cpp: dlopen of libcurl.
// SPDX-License-Identifier: Apache-2.0
#include "base/http_library.hpp"

#include <dlfcn.h>

namespace neurolake::http {
namespace {

Error not_there(std::string why) {
    return Error(Errc::unsupported, "object stores over HTTP need libcurl, which cannot be loaded: " + std::move(why),
                 "install it: apt-get install libcurl4");
}

void* open_library() {
    for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
        if (void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return handle;
    }
    return nullptr;
}

template <typename Function>
bool find(void* handle, const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(handle, name));
    return into != nullptr;
}

bool find_all(void* handle, Library& l) {
    return find(handle, "curl_global_init", l.global_init) && find(handle, "curl_easy_init", l.easy_init) &&
           find(handle, "curl_easy_cleanup", l.easy_cleanup) && find(handle, "curl_easy_setopt", l.easy_setopt) &&
           find(handle, "curl_easy_getinfo", l.easy_getinfo) && find(handle, "curl_easy_strerror", l.easy_strerror) &&
           find(handle, "curl_slist_append", l.slist_append) && find(handle, "curl_slist_free_all", l.slist_free_all) &&
           find(handle, "curl_multi_init", l.multi_init) && find(handle, "curl_multi_cleanup", l.multi_cleanup) &&
           find(handle, "curl_multi_add_handle", l.multi_add_handle) &&
           find(handle, "curl_multi_remove_handle", l.multi_remove_handle) &&
           find(handle, "curl_multi_perform", l.multi_perform) && find(handle, "curl_multi_poll", l.multi_poll) &&
           find(handle, "curl_multi_info_read", l.multi_info_read) &&
           find(handle, "curl_multi_strerror", l.multi_strerror);
}

Result<Library> load() {
    void* handle = open_library();
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return not_there(why != nullptr ? why : "not found");
    }
    Library loaded;
    if (!find_all(handle, loaded)) return not_there("it is too old (7.66 is needed)");
    if (const CURLcode code = loaded.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
        return not_there(loaded.easy_strerror(code));
    }
    return loaded;
}

}  // namespace

Result<const Library*> library() {
    static const Result<Library> loaded = load();
    if (!loaded) return loaded.error();
    return &*loaded;
}

}  // namespace neurolake::http
