// test_value_shapes.cpp: numbers with check digits and addresses, by vectors from the standards.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "formats/value_shapes.hpp"

using namespace neurolake::formats;
using neurolake::model::bit;
using neurolake::model::Shape;

TEST_CASE("e-mail addresses are told from other texts with an at sign") {
    for (const char* good : {"a@b.co", "anna.smith+news@mail.example.co.uk", "o'brien@example.com", "x_1-2@sub.d-e.org",
                             "j\xC3\xBCrgen@b\xC3\xBC"
                             "cher.example",
                             "Ann Lee <ann@example.com>"}) {
        INFO(good);
        CHECK(is_email(good));
    }
    for (const char* bad :
         {"@ann", "ann@", "ann@localhost", "a b@example.com", "a..b@example.com", ".a@example.com", "lodash@4.17.21",
          "git@github.com:org/repo.git", "a@-b.com", "a@b.c", "a@b..com", "price @ 3.50", "user@host,other@host"}) {
        INFO(bad);
        CHECK_FALSE(is_email(bad));
    }
}

TEST_CASE("IBANs have their country's length and check digits") {
    for (const char* good : {"DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819",
                             "FR1420041010050500013M02606", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
                             "CH9300762011623852957", "NL91ABNA0417164300", "ES9121000418450200051332",
                             "SA0380000000608010167519", "BR1800360305000010009795493C1"}) {
        INFO(good);
        CHECK(is_iban(good));
    }
    for (const char* bad : {"DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000",
                            "de89370400440532013000", "DE89--3704004405320130", "INV-2024-000123456"}) {
        INFO(bad);
        CHECK_FALSE(is_iban(bad));
    }
}

TEST_CASE("payment cards pass Luhn's check and begin as issuers' numbers do") {
    for (const char* good : {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444",
                             "378282246310005", "3782 822463 10005", "6011111111111117", "3530111333300000",
                             "30569309025904", "2223003122003222", "6200000000000005"}) {
        INFO(good);
        CHECK(is_payment_card(good));
    }
    for (const char* bad : {"4111111111111112",        // check digit
                            "1000000000000008",        // Luhn, but no issuer
                            "4006381333931",           // EAN-13
                            "978316148410",            // short
                            "490154203237518",         // IMEI: 15 digits, passes Luhn
                            "4111-1111 1111-1111",     // mixed separators
                            "41111-1111-1111-111",     // wrong groups
                            "4111 1111 1111 1111 1"})  // too long
    {
        INFO(bad);
        CHECK_FALSE(is_payment_card(bad));
    }
    CHECK(passes_luhn("79927398713"));
    CHECK_FALSE(passes_luhn("79927398710"));
}

TEST_CASE("US social security numbers are of areas that are given out") {
    CHECK(is_ssn_us("123-45-6789"));
    for (const char* bad : {"000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000", "123456789",
                            "123-456-789", "12-345-6789"}) {
        INFO(bad);
        CHECK_FALSE(is_ssn_us(bad));
    }
}

TEST_CASE("phone numbers are told from dates, decimals and article numbers") {
    for (const char* good :
         {"+49 30 901820", "+4930901820", "+1 (212) 555-0199", "(212) 555-0199", "212-555-0199", "212.555.0199",
          "1-212-555-0199", "212-555-0199 x12", "212-555-0199 ext. 12", "01 23 45 67 89"}) {
        INFO(good);
        CHECK(is_phone(good));
    }
    for (const char* bad :
         {"2125550199", "2024-01-31", "01.02.2024", "1 234 567.89", "978-3-16-148410-0", "123-45-6789", "12345-6789",
          "2024-000123", "192.168.100.200", "+12", "+-1234567", "112-055-0199"}) {
        INFO(bad);
        CHECK_FALSE(is_phone(bad));
    }
    CHECK(is_phone_like("030/1234567"));
    CHECK(is_phone_like("491701234567"));
    CHECK_FALSE(is_phone_like("12345678"));
    CHECK_FALSE(is_phone_like("SCN-1250000"));
}

TEST_CASE("addresses of machines, UUIDs and URLs") {
    bool wide = false;
    CHECK((is_ipv4("192.168.1.17", wide) && wide));
    CHECK((is_ipv4("1.2.3.4", wide) && !wide));
    CHECK(is_ipv4("10.0.0.0/8", wide));
    CHECK((is_ipv4("10.0.0.100", wide) && wide));
    CHECK((is_ipv4("10.0.0.99", wide) && !wide));
    CHECK_FALSE(is_ipv6("1:2:3:4:5:6:7::8"));
    for (const char* bad : {"1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.x", "10.0.19041.1", "1.2.3.4/33", ""})
        CHECK_FALSE(is_ipv4(bad, wide));
    for (const char* good : {"2001:db8::1", "::1", "fe80::1ff:fe23:4567:890a", "1:2:3:4:5:6:7:8"}) CHECK(is_ipv6(good));
    for (const char* bad : {"12:30:45", "1::2::3", "12345::", ":1:2", "1:2:3:4:5:6:7:8:9", "std::string", "::"})
        CHECK_FALSE(is_ipv6(bad));
    CHECK(is_mac_address("00:1B:44:11:3A:B7"));
    CHECK_FALSE(is_mac_address("00:1B:44-11:3A:B7"));
    CHECK(is_uuid("123e4567-e89b-12d3-a456-426614174000"));
    CHECK_FALSE(is_uuid("123e4567-e89b-12d3-a456-42661417400g"));
    for (const char* good :
         {"https://example.com/a?b=c", "http://localhost:8080/x", "ftp://ftp.example.org", "www.example.com"})
        CHECK(is_url(good));
    for (const char* bad : {"https://", "https://a b.com", "htp://x.com", "www", "example.com"})
        CHECK_FALSE(is_url(bad));
    CHECK(is_country_code("DE"));
    CHECK(is_country_code("USA"));
    CHECK_FALSE(is_country_code("XQ"));
    CHECK(is_currency_code("EUR"));
    CHECK_FALSE(is_currency_code("EUX"));
}

TEST_CASE("a value's shapes are found whatever its first byte, and the words for nothing are set aside") {
    CHECK(shapes_of("7up@example.com") == bit(Shape::email));
    CHECK(shapes_of("+49 30 901820") == bit(Shape::phone));
    CHECK(shapes_of("4111111111111111") == bit(Shape::payment_card));
    CHECK(shapes_of("1.2.3.4") == bit(Shape::ipv4));
    CHECK(shapes_of("CUP") == bit(Shape::currency_code));
    CHECK(shapes_of("n/a") == bit(Shape::no_value));
    for (const char* plain : {"1999/2000", "SCN-125", "alice", "x", "2024-01-02T10:00:00Z", "1700000000000"}) {
        INFO(plain);
        CHECK((shapes_of(plain) & ~bit(Shape::phone_like)) == 0);
    }
    CHECK(shapes_of(std::string(100000, '@')) == 0);
}

TEST_CASE("lengths count: of labels, of phone numbers, of a country's accounts") {
    CHECK(is_email("a@" + std::string(63, 'b') + ".com"));
    CHECK_FALSE(is_email("a@" + std::string(64, 'b') + ".com"));
    CHECK(is_phone("+123456789012345"));
    CHECK_FALSE(is_phone("+1234567890123456"));
    std::size_t accounts = 0, shorter = 0;
    for (int check = 0; check < 100; ++check) {
        const std::string begin = "DE" + std::to_string(check / 10) + std::to_string(check % 10);
        accounts += is_iban(begin + "370400440532013000");
        shorter += is_iban(begin + "37040044053201300");
    }
    CHECK(accounts > 0);
    CHECK(shorter == 0);
}
