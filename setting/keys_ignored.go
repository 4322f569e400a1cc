package setting

import "strings"

// Flink's settings that have no effect here. They are known so that a whole Flink configuration loads
// while a misspelled key that does have an effect is still an error; [Values.Ignored] tells which were
// given. A family that ends in '.' never covers a key that is registered on its own.
func init() {
	for _, group := range ignored {
		for _, key := range strings.Fields(group.keys) {
			Engine.Register(&Option{Key: key, Prefix: strings.HasSuffix(key, "."), Ignored: true, Doc: group.doc})
		}
	}
}

var ignored = []struct{ doc, keys string }{
	{"Sets up a Flink cluster's processes; here one process does the work.", `
		jobmanager. taskmanager. resourcemanager. slotmanager. slot. slot-request-timeout. cluster. kubernetes. yarn.
		env. process. classloader. plugin. pekko. akka. heartbeat. blob. jobstore. job-result-store. minicluster.
		historyserver. web. client. external-resource. external-resources fine-grained. queryable-state. io.tmp.dirs
		user.artifacts. job-event. shuffle-service-factory.class scheduler-mode`},
	{"Flink's standby job managers; here a job goes on from its last checkpoint wherever it is started.", `
		high-availability high-availability. zookeeper.`},
	{"Flink's REST endpoint and SQL gateway; Millstream's server has flags of its own.", `
		rest. sql-gateway.`},
	{"Flink's metrics, traces and events.", `
		metrics. traces. events.`},
	{"Flink's Kerberos, TLS between its processes and delegation tokens.", `
		security.`},
	{"File systems of Flink's that Millstream does not have, and Hadoop's settings.", `
		fs. s3a. presto.s3. hive.s3. hadoop. oss. gs. wasb. azure.`},
	{"How Flink's S3 file systems spread load, buffer and retry; Millstream decides that by itself.", `
		s3.entropy.key s3.entropy.length s3.connection.maximum s3.socket-timeout s3.max-error-retries s3.max-client-retries
		s3.max-backoff-time s3.max-retry-time s3.staging-directory s3.bulk-copy. s3.delegation.
		s3.multiobjectdelete.enable s3.fast.upload s3.fast.upload. s3.attempts.maximum s3.connection.timeout s3.connection.establish.timeout`},
	{"Details of Flink's state backends and of how it stores checkpoints; Millstream has one format for all.", `
		state.backend.rocksdb. state.backend.forst. state.backend.latency-track. state.backend.changelog. state.changelog. state.backend.async
		state.backend.incremental state.backend.local-recovery state.backend.fs.memory-threshold state.backend.fs.write-buffer-size
		state.backend.allow-local-recovery state.checkpoint-storage state.checkpoints.create-subdir state.checkpoint. state.latency-track. state.size-track.
		state.ttl. state.storage. state.memory. execution.checkpointing.storage execution.checkpointing.incremental
		execution.checkpointing.data-inline-threshold execution.checkpointing.write-buffer-size execution.checkpointing.create-subdir
		execution.checkpointing.local-backup. execution.checkpointing.file-merging. execution.checkpointing.snapshot-compression
		execution.checkpointing.max-concurrent-checkpoints execution.checkpointing.unaligned.
		execution.checkpointing.cleaner.
		execution.checkpointing.interval-during-backlog execution.checkpointing.checkpoints-after-tasks-finish
		execution.checkpointing.checkpoint-id-of-ignored-in-flight-data execution.checkpointing.recover-without-channel-state.
		execution.checkpointing.force-unaligned execution.state-recovery.claim-mode execution.savepoint-restore-mode
		execution.state-recovery.from-local execution.state-recovery.without-channel-state.`},
	{"How Flink's client submits a job.", `
		execution.target execution.attached execution.shutdown-on-attached-exit execution.shutdown-on-application-finish
		execution.submit-failed-job-on-application-error execution.allow-client-job-configurations execution.job-listeners
		execution.job-status-changed-listeners execution.program-config. deployment.`},
	{"How Flink schedules, buffers and exchanges; Millstream hands records on as soon as the next task can take them.", `
		execution.buffer-timeout execution.buffer-timeout. execution.batch-shuffle-mode execution.batch. execution.sorted-inputs.
		execution.async-state. execution.async-mode. jobmanager.adaptive-batch-scheduler. restart-strategy.failover.`},
	{"Jars, serialisers and chaining of Flink's Java programs.", `
		pipeline.jars pipeline.classpaths pipeline.cached-files pipeline.auto-generate-uids pipeline.auto-type-registration
		pipeline.closure-cleaner-level pipeline.default-kryo-serializers pipeline.force-avro pipeline.force-kryo pipeline.force-kryo-avro
		pipeline.generic-types pipeline.global-job-parameters pipeline.jobvertex-parallelism-overrides pipeline.operator-chaining
		pipeline.operator-chaining. pipeline.registered-kryo-types pipeline.registered-pojo-types pipeline.serialization-config
		pipeline.vertex-description-mode pipeline.vertex-name-include-index-prefix pipeline.watermark-alignment. python. job.autoscaler.`},
	{"How Flink's planner and generated code work; Millstream has a planner of its own.", `
		table.optimizer. table.plan. table.planner table.generated-code. table.exec.async-scalar. table.exec.async-table.
		table.exec.async-agg. table.exec.async-vector-search. table.exec.async-ml-predict. table.exec.async-state. table.exec.resource.
		table.exec.spill-compression. table.exec.sort. table.exec.uid. table.exec.disabled-operators table.exec.window-agg.buffer-size-limit
		table.exec.shuffle-mode table.exec.operator-fusion-codegen.enabled table.exec.simplify-operator-name-enabled
		table.exec.legacy-transformation-uids table.exec.rank. table.exec.deduplicate. table.exec.interval-join. table.exec.local-hash-agg.
		table.exec.sink.keyed-shuffle
		table.exec.unbounded-over. table.exec.mini-batch.compact-changes-enabled
		table.exec.delta-join. table.exec.multi-join. table.rtas-ctas. table.resources. table.catalog-store. table.catalog-modification.
		table.dynamic-parameter.`},
	{"The looks and limits of Flink's shell.", `
		sql-client.verbose sql-client.prompt`},
}
