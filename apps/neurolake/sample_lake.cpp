// sample_lake.cpp: makes the rows of the example lake by plain arithmetic.
// SPDX-License-Identifier: Apache-2.0
#include "sample_lake.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace neurolake::apps {

namespace {

constexpr int k_customers = 240;
constexpr int k_months = 6;
constexpr int k_orders_a_month = 200;

constexpr std::array k_first = {"Ana", "Ben", "Carla", "Deniz", "Elif", "Finn", "Grace", "Hiro", "Ines", "Jan"};
constexpr std::array k_last = {"Adler", "Brandt", "Costa", "Dufour", "Eriksen", "Fischer", "Garcia", "Haas"};
constexpr std::array k_cities = {"Berlin", "Lisbon", "Oslo", "Lyon", "Graz", "Porto", "Turin"};
constexpr std::array k_products = {"lamp", "chair", "desk", "shelf", "rug", "clock"};

// Knuth's 64-bit linear congruential step: spread, and equal everywhere.
std::uint64_t mixed(std::uint64_t n) {
    n = n * 6364136223846793005ull + 1442695040888963407ull;
    return n >> 33;
}

std::string customers() {
    std::string out = "customer_id,name,email,zip,city,since\n";
    for (int id = 1; id <= k_customers; ++id) {
        const auto n = mixed(static_cast<std::uint64_t>(id));
        const char* first = k_first[n % k_first.size()];
        const char* last = k_last[n / 7 % k_last.size()];
        // Postcodes begin with zeros now and then: they are text, not numbers.
        out += fmt::format("{},{} {},{}.{}{}@example.com,{:05},{},{}-{:02}-{:02}\n", id, first, last, first, last, id,
                           n % 9 == 0 ? n % 9000 : 10000 + n % 89999, k_cities[n / 3 % k_cities.size()], 2019 + n % 6,
                           1 + n / 11 % 12, 1 + n / 13 % 28);
    }
    return out;
}

struct Order {
    int id, customer, quantity;
    std::uint64_t cents;
    const char* product;
    int year, month, day;
};

Order order(int index, int year, int month) {
    const auto n = mixed(static_cast<std::uint64_t>(index) + 100000);
    return {index,
            1 + static_cast<int>(n % k_customers),
            1 + static_cast<int>(n / 5 % 4),
            500 + n / 17 % 19500,
            k_products[n / 23 % k_products.size()],
            year,
            month,
            1 + static_cast<int>(n / 29 % 28)};
}

std::string orders_json_lines(int month) {
    std::string out;
    for (int i = 0; i < k_orders_a_month; ++i) {
        const Order o = order((month - 1) * k_orders_a_month + i + 1, 2026, month);
        out += fmt::format(
            R"({{"order_id":{},"customer_id":{},"product":"{}","quantity":{},"amount":{}.{:02},"ordered":"{}-{:02}-{:02}"}})"
            "\n",
            o.id, o.customer, o.product, o.quantity, o.cents / 100, o.cents % 100, o.year, o.month, o.day);
    }
    return out;
}

std::string summary() {
    std::array<std::uint64_t, k_customers + 1> cents{};
    std::array<int, k_customers + 1> count{};
    for (int month = 1; month <= k_months; ++month) {
        for (int i = 0; i < k_orders_a_month; ++i) {
            const Order o = order((month - 1) * k_orders_a_month + i + 1, 2026, month);
            cents[static_cast<std::size_t>(o.customer)] += o.cents;
            ++count[static_cast<std::size_t>(o.customer)];
        }
    }
    std::string out = "customer_id,orders,revenue\n";
    for (std::size_t id = 1; id <= k_customers; ++id) {
        out += fmt::format("{},{},{}.{:02}\n", id, count[id], cents[id] / 100, cents[id] % 100);
    }
    return out;
}

std::string revenue_by_month() {
    std::string out = "month,orders,revenue\n";
    for (int month = 1; month <= k_months; ++month) {
        std::uint64_t cents = 0;
        for (int i = 0; i < k_orders_a_month; ++i) {
            cents += order((month - 1) * k_orders_a_month + i + 1, 2026, month).cents;
        }
        out += fmt::format("2026-{:02},{},{}.{:02}\n", month, k_orders_a_month, cents / 100, cents % 100);
    }
    return out;
}

std::string churn_scores() {
    std::string out = "customer_id,score,scored_at\n";
    for (int id = 1; id <= k_customers; ++id) {
        out += fmt::format("{},0.{:04},2026-07-01T06:00:00Z\n", id, mixed(static_cast<std::uint64_t>(id) + 7) % 10000);
    }
    return out;
}

std::string orders_of_2023() {
    std::string out = "order_id,customer_id,product,quantity,amount,ordered\n";
    for (int i = 1; i <= 500; ++i) {
        const Order o = order(900000 + i, 2023, 1 + i % 12);
        out += fmt::format("{},{},{},{},{}.{:02},{}-{:02}-{:02}\n", o.id, o.customer, o.product, o.quantity,
                           o.cents / 100, o.cents % 100, o.year, o.month, o.day);
    }
    return out;
}

}  // namespace

std::vector<SampleFile> sample_files() {
    std::vector<SampleFile> files = {
        {"raw-data/customers/customers.csv", customers()},
        {"processed/customer_summary/customer_summary.csv", summary()},
        {"analytics/dashboards/revenue_by_month.csv", revenue_by_month()},
        {"ml-models/churn-prediction/scores.csv", churn_scores()},
        {"ml-models/customer-segmentation/", ""},
        {"archive/2023/orders.csv", orders_of_2023()},
    };
    for (int month = 1; month <= k_months; ++month) {
        files.push_back(
            {fmt::format("raw-data/orders/month=2026-{:02}/part-0.jsonl", month), orders_json_lines(month)});
    }
    return files;
}

}  // namespace neurolake::apps
