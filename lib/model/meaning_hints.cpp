// meaning_hints.cpp: names taken apart, and the words that are known.
// SPDX-License-Identifier: Apache-2.0
#include "model/meaning_hints.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace neurolake::model {
namespace {

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || (c & 0x80) != 0; }

using Hints = std::pair<std::string_view, std::string_view>;  // semantic, its words

constexpr std::array<Hints, 16> k_hints{{
    {"email", "email mail e_mail emailaddress mailaddress correo courriel"},
    {"phone",
     "phone phonenumber telephone telefon telefono tel mobile mobilephone cellphone cell_phone fax handy msisdn "
     "mobilenumber telefonnummer"},
    {"iban", "iban"},
    {"payment_card",
     "card_number cardnumber credit_card creditcard debit_card debitcard card_no cardno cc_number "
     "ccnumber ccnum cc_num pan kreditkarte kartennummer payment_card card_num card"},
    {"ssn_us", "ssn social_security socialsecurity social_security_number"},
    {"ip_address", "ip ipv ipaddr ipaddress remote_addr"},
    {"mac_address", "mac mac_address macaddress mac_addr"},
    {"version", "version ver build release firmware"},
    {"latitude", "lat latitude breitengrad breite"},
    {"longitude", "lon lng long longitude laengengrad"},
    {"country_code", "country countrycode nation nationality land iso pays pais country_code"},
    {"currency_code", "currency currencycode ccy waehrung devise moneda currency_code"},
    {"person_name",
     "first_name firstname last_name lastname full_name fullname surname given_name givenname "
     "family_name familyname middle_name middlename maiden_name forename person_name customer_name "
     "patient_name employee_name contact_name cardholder vorname nachname familienname prenom apellido"},
    {"date_of_birth",
     "dob date_of_birth dateofbirth birth_date birthdate birthday birth_day born geburtsdatum "
     "geburtstag date_naissance fecha_nacimiento"},
    {"postal_address",
     "street street_address address_line home_address postal_address billing_address "
     "shipping_address mailing_address strasse anschrift adresse"},
    {"national_id",
     "passport passport_number passport_no national_id nationalid tax_id taxid nino steuer_id "
     "personalausweis drivers_license driver_license driving_licence"},
}};

}  // namespace

NameHints::NameHints(std::string_view name) : m_words("_") {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!is_letter(c)) {
            if (m_words.back() != '_') m_words += '_';
            continue;
        }
        // A hump: "customerEmail", and the last capital of "IPAddress".
        const bool after_small = i > 0 && is_letter(name[i - 1]) && !is_upper(name[i - 1]);
        const bool before_small =
            i > 0 && is_upper(name[i - 1]) && i + 1 < name.size() && is_letter(name[i + 1]) && !is_upper(name[i + 1]);
        if (is_upper(c) && (after_small || before_small) && m_words.back() != '_') m_words += '_';
        m_words += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (m_words.back() != '_') m_words += '_';
}

bool NameHints::says(std::string_view semantic) const {
    for (const auto& [meaning, words] : k_hints) {
        if (meaning != semantic) continue;
        std::string_view rest = words;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            const std::string word(rest.substr(0, end));
            if (m_words.find("_" + word + "_") != std::string::npos) return true;
            if (m_words.find("_" + word + "s_") != std::string::npos) return true;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return false;
}

}  // namespace neurolake::model
