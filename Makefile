# A handful of targets; each installs what it needs below .cache. Only Go, make and bash must be there.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := .cache/bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

# The packages whose goroutines share data; race detection makes them several times slower.
RACE := ./engine/... ./objstore/... ./stream/...

.PHONY: demo test soak bench bench-select bench-files bench-nexmark bench-latency bench-discovery bench-checkpoint lint fmt

# Count words from S3 to S3, on an embedded store.
demo:
	go run ./cmd/millstream demo wordcount

# Everything: unit, conformance and real-peer tests, then the race-enabled subset. Tests install their peers
# themselves; the end of the output lists what was skipped and why. A fresh MinIO takes five minutes to build.
test:
	go run ./test/report -timeout 15m ./... -- -race -timeout 10m $(RACE)

# The micro-benchmarks beside the code, then the word count end to end; FLINK=1 measures Apache Flink too.
bench:
	go test -run '^$$' -bench . -benchmem -timeout 60m ./...
	go run ./test/bench/wordcount $(if $(filter 1,$(FLINK)),-flink)

# From event to result at 50,000 events/s; for percentiles that mean something nothing else should run.
bench-latency:
	go run ./test/bench/latency

# From the PUT of an object to its rows.
bench-discovery:
	go run ./test/bench/discovery

# What checkpoints cost: throughput, pauses, uploads and recovery; STATE_MB=200: of a smaller state than 2 GB; FLINK=1: Apache Flink on the same job too.
bench-checkpoint:
	go run ./test/bench/checkpoint $(if $(STATE_MB),-state-mb $(STATE_MB)) $(if $(filter 1,$(FLINK)),-flink)

# A query that 1 % of a CSV object's records pass, computed by the store and here, on MinIO and the embedded store; MB=100: a smaller object than 500 MB.
bench-select:
	go run ./test/bench/select $(if $(MB),-mb $(MB))

# CSV and JSON lines to Parquet, S3 to S3 on MinIO and the embedded store, beside a hand-written loop; FLINK=1: Apache Flink too; MB=100: a smaller object than 1 GB.
bench-files:
	go run ./test/bench/files $(if $(MB),-mb $(MB)) $(if $(filter 1,$(FLINK)),-flink)

# The queries of the Nexmark benchmark, beside DuckDB and hand-written loops; FLINK=1: Apache Flink too; EVENTS=1000000: fewer events.
bench-nexmark:
	go run ./test/bench/nexmark $(if $(EVENTS),-events $(EVENTS)) $(if $(filter 1,$(FLINK)),-flink)

lint: $(GOLANGCI_LINT)
	$(GOLANGCI_LINT) run
	go mod tidy -diff

fmt:
	gofmt -l -w .

# Built from source through the module proxy, which checks it against the public checksum database.
$(GOLANGCI_LINT):
	mkdir -p $(@D)
	GOBIN=$(abspath $(@D)) GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(@D)/golangci-lint $@

# Hours of failures: jobs are killed 300 times on disk and 300 times on MinIO and the embedded store, stores in all their roles are disturbed 600 times, once more with Apache Kafka where there is Java, 10,000 seeds disturb stores and jobs of each kind, and the corpus is answered under 20 other schedules.
soak:
	for seed in {1..20}; do go test ./test/conformance -run TestVariants -complete -schedule $$seed -timeout 1h; done
	go test ./cmd/millstream -run TestKilled -kills 100 -timeout 2h -v
	go test ./test/e2e -run TestKilled -kills 50 -timeout 2h -v
	go test ./test/e2e -run TestAllRoles -roles.rounds 100 -timeout 2h -v
	MILLSTREAM_KAFKA=1 go test ./test/e2e ./test/peers -run 'TestAllRoles|TestEventsOfTargets|TestKafka' -timeout 1h -v
	go test ./engine/durable -run TestSeeds -durable.seeds 10000 -timeout 2h
	go test ./test/sim -run TestSeeds -sim.seeds 10000 -timeout 2h
