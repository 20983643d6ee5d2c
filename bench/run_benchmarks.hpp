// What BENCHMARK_MAIN() does, and understands the options that all programs of ./dev bench share: --json.
#pragma once

#include <benchmark/benchmark.h>

#include <string_view>
#include <vector>

inline int run_benchmarks(int argc, char** argv) {
  static char json[] = "--benchmark_format=json";
  std::vector<char*> arguments(argv, argv + argc);
  for (char*& argument : arguments)
    if (std::string_view(argument) == "--json") argument = json;
  arguments.push_back(nullptr);
  benchmark::Initialize(&argc, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(argc, arguments.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
