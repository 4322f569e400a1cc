// Package conformance holds SQL answered by a real Apache Flink 2.3, and the test that answers it with this engine.
//
// testdata is the corpus: functions.jsonl and functions2.jsonl (expressions with type and value), errors.jsonl and errors2.jsonl (statements that must be
// refused, and in which phase), statements (scripts of the catalog and session language with each statement's result) and cases (queries
// over small files with their rows and, where its order is determined, their changelog). testdata/expected says what is not as in Flink: for
// each part and area a list of what is pending, and one list of what is answered differently on purpose, with the reasons. The test fails if
// anything else fails, and if anything pending passes, so that what works can only grow:
//
//	go test ./test/conformance                                  everything, quietly
//	go test ./test/conformance -run TestCorpus -v               counts by area, and each difference
//	go test ./test/conformance -run TestCorpus/cases/join -v    one area of functions, errors, statements or cases
//	go test ./test/conformance -run TestCorpus -v -match TEXT   the entries whose name holds TEXT
//	go test ./test/conformance -update                          write the lists of what is pending anew
//	go test ./test/conformance -run TestCorpus -v -corpus DIR   another corpus of the same layout; there nothing is pending
//	go test ./test/conformance -parallelism 4                   jobs with another parallelism: only final rows are compared
//	go test ./test/conformance -batch-rows 1                    operators that get one row at a time
//	go test ./test/conformance -schedule 7                      queues, batches, tasks and splits that take turns by a seed
//	go test ./test/conformance -run TestVariants -complete      every case in every variant, of which go test runs a sample
//
// An entry marked as a quirk of Flink's may be answered in any way but with a crash or a hang. A case marked `order: arrival` has rows that tell in
// which order others arrived, such as LISTAGG over groups: with a parallelism beyond 1 or a random schedule it must only run. So must one marked `changes: shown`,
// whose rows tell of other rows' changes, with settings by which there are fewer of these.
package conformance
