// meaning_hints.cpp: names taken apart, and the words that are known.
// SPDX-License-Identifier: Apache-2.0
#include "model/meaning_hints.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"

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
     "patient_name employee_name contact_name cardholder vorname nachname familienname prenom apellido "
     "user_name username client_name buyer_name holder_name account_holder passenger_name guest_name "
     "student_name recipient_name sender_name contact_person ansprechpartner cognome nom_famille "
     "achternaam voornaam efternamn fornamn apellidos"},
    {"date_of_birth",
     "dob date_of_birth dateofbirth birth_date birthdate birthday birth_day born geburtsdatum "
     "geburtstag date_naissance fecha_nacimiento birth_dt bday data_nascita data_nascimento"},
    {"postal_address",
     "street street_address address_line home_address postal_address billing_address "
     "shipping_address mailing_address strasse anschrift adresse delivery_address residential_address "
     "permanent_address street_name house_number hausnummer indirizzo direccion domicilio endereco"},
    {"national_id",
     "passport passport_number passport_no national_id nationalid tax_id taxid nino steuer_id "
     "personalausweis drivers_license driver_license driving_licence identity_number identity_card "
     "id_card personnummer personal_number pesel bsn cpf curp dni aadhaar codice_fiscale steuernummer "
     "sozialversicherungsnummer social_insurance_number insurance_number residence_permit visa_number"},
}};

using Known = std::unordered_map<std::string_view, std::uint32_t>;  // word -> a bit for each of k_hints

const Known& known_words() {
    static const Known k_known = [] {
        Known known;
        for (std::size_t i = 0; i < k_hints.size(); ++i)
            for (const std::string_view word : text::split(k_hints[i].second, ' ')) known[word] |= 1u << i;
        return known;
    }();
    return k_known;
}

// "customerEmail", "E-Mail_2" -> "customer_email", "e_mail": lower case, one underscore between words.
std::string words_of(std::string_view name) {
    std::string words;
    bool open = false;  // a word ended
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!is_letter(c)) {
            open = true;
            continue;
        }
        // A hump: "customerEmail", and the last capital of "IPAddress".
        const bool after_small = i > 0 && is_letter(name[i - 1]) && !is_upper(name[i - 1]);
        const bool before_small =
            i > 0 && is_upper(name[i - 1]) && i + 1 < name.size() && is_letter(name[i + 1]) && !is_upper(name[i + 1]);
        open |= is_upper(c) && (after_small || before_small);
        if (open && !words.empty()) words += '_';
        open = false;
        words += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return words;
}

constexpr std::size_t k_longest_name = 200;  // a longer one is a sentence, not a name
constexpr std::size_t k_most_together = 3;   // "date_of_birth"

std::uint32_t meanings_of(std::string_view words) {
    const Known& known = known_words();
    std::uint32_t said = 0;
    const auto look_up = [&](std::string_view word) {
        if (const auto at = known.find(word); at != known.end()) said |= at->second;
    };
    for (std::size_t begin = 0; begin < words.size();) {
        std::size_t end = begin;
        for (std::size_t n = 0; n < k_most_together && end < words.size(); ++n) {
            end = std::min(words.find('_', end + (n > 0)), words.size());
            const std::string_view word = words.substr(begin, end - begin);
            look_up(word);
            if (word.ends_with('s')) look_up(word.substr(0, word.size() - 1));
        }
        begin = std::min(words.find('_', begin), words.size() - 1) + 1;
    }
    return said;
}

}  // namespace

NameHints::NameHints(std::string_view name) : m_said(meanings_of(words_of(name.substr(0, k_longest_name)))) {}

bool NameHints::says(std::string_view semantic) const {
    if (m_said == 0) return false;  // as of most names
    for (std::size_t i = 0; i < k_hints.size(); ++i)
        if (k_hints[i].first == semantic) return (m_said & (1u << i)) != 0;
    return false;
}

}  // namespace neurolake::model
