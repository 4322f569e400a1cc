package setting

import (
	"runtime"
	"strconv"
)

// Engine holds the engine-wide options: those of this file and any that other packages register. Keys and
// meaning are Flink's unless the documentation says "Millstream's own".
var Engine = NewRegistry("setting")

// Object storage.
var (
	S3Endpoint = Engine.Register(&Option{
		Key: "s3.endpoint", Check: checkEndpoint,
		Doc: "URL of the S3-compatible store, such as http://127.0.0.1:9000; without a scheme it is http for IP addresses and localhost, https otherwise. Unset means AWS.",
	})
	S3PathStyle = Engine.Register(&Option{
		Key: "s3.path.style.access", Aliases: []string{"s3.path-style", "s3.path-style-access"}, Type: Bool,
		Doc: "Whether a bucket is named in the URL's path (most private stores) rather than in its host name. Unset means: in the path if s3.endpoint is set and is not of AWS.",
	})
	S3AccessKey = Engine.Register(&Option{
		Key: "s3.access-key", Aliases: []string{"s3.access.key"},
		Doc: "Access key of the store. Unset means the credentials of s3.profile, else those of the AWS files, else none.",
	})
	S3SecretKey = Engine.Register(&Option{
		Key: "s3.secret-key", Aliases: []string{"s3.secret.key"}, Secret: true,
		Doc: "Secret key that belongs to s3.access-key.",
	})
	S3SessionToken = Engine.Register(&Option{
		Key: "s3.session-token", Aliases: []string{"s3.session.token"}, Secret: true,
		Doc: "Session token of temporary credentials, belonging to s3.access-key. Millstream's own.",
	})
	S3Profile = Engine.Register(&Option{
		Key: "s3.profile",
		Doc: "Profile in the AWS credentials file. It replaces keys from a place that counts less, except as AWS_PROFILE, which fills in where there are no keys. Millstream's own.",
	})
	S3Region = Engine.Register(&Option{
		Key: "s3.endpoint.region", Aliases: []string{"s3.region"},
		Doc: "Region of the store, such as eu-central-1. Unset means us-east-1, which private stores accept, or the bucket's own on AWS.",
	})
	S3CAFile = Engine.Register(&Option{
		Key: "s3.tls.ca-file",
		Doc: "File of PEM certificates trusted for the store besides the system's, for a private certificate authority. Millstream's own.",
	})
	S3InsecureSkipVerify = Engine.Register(&Option{
		Key: "s3.tls.insecure-skip-verify", Type: Bool, Default: "false",
		Doc: "Whether to accept any TLS certificate of the store; only for trials, since anybody on the way can then read and change the data. Millstream's own.",
	})
	S3UploadPartSize = Engine.Register(&Option{
		Key: "s3.upload.part.size", Aliases: []string{"s3.upload.min.part.size"}, Type: MemorySize, Default: "8mb", Check: checkPartSize,
		Doc: "Size of a part of a multipart upload, 5mb to 5gb. It grows by itself where an object would need more than 10,000 parts.",
	})
	S3UploadConcurrency = Engine.Register(&Option{
		Key: "s3.upload.max.concurrent.uploads", Type: Int, Default: "4", Check: AtLeast(1),
		Doc: "Parts that are uploaded at a time, over all objects; each is held in memory until stored.",
	})
)

// Running a job.
var (
	Parallelism = Engine.Register(&Option{
		Key: "parallelism.default", Type: Int, Default: strconv.Itoa(runtime.GOMAXPROCS(0)), DefaultDoc: "number of cores", Check: AtLeast(1),
		Doc: "Parallel tasks of an operator that does not say otherwise.",
	})
	MaxParallelism = Engine.Register(&Option{
		Key: "pipeline.max-parallelism", Type: Int, Default: "128", Check: between(1, 32768),
		Doc: "Number of key groups, the most that parallelism can grow to without losing state; fixed for the life of a job's state.",
	})
	RuntimeMode = Engine.Register(&Option{
		Key: "execution.runtime-mode", Type: Enum, Values: []string{"STREAMING", "BATCH", "AUTOMATIC"}, Default: "STREAMING",
		Doc: "STREAMING emits every change as it happens, BATCH reads bounded inputs to their end and emits final results, AUTOMATIC is BATCH if all inputs are bounded.",
	})
	PipelineName = Engine.Register(&Option{
		Key: "pipeline.name",
		Doc: "Name of the job in listings and metrics. Unset means one made from the statement or program.",
	})
	AutoWatermarkInterval = Engine.Register(&Option{
		Key: "pipeline.auto-watermark-interval", Type: Duration, Default: "200 ms",
		Doc: "How often watermarks are emitted; 0 ms means after every row that raises the watermark.",
	})
	ObjectReuse = Engine.Register(&Option{
		Key: "pipeline.object-reuse", Type: Bool, Default: "false", Ignored: true,
		Doc: "Operators here never share rows that can change, so this has no effect.",
	})
)

// State, checkpoints and savepoints.
var (
	StateBackend = Engine.Register(&Option{
		Key: "state.backend.type", Aliases: []string{"state.backend"}, Type: Enum,
		Values: []string{"hashmap", "rocksdb", "filesystem", "jobmanager", "memory"}, Default: "hashmap",
		Doc: "Where working state lives: hashmap, filesystem, jobmanager and memory mean in memory, with checkpoints in execution.checkpointing.dir; rocksdb means on local disk, for state larger than memory.",
	})
	StateMemoryLimit = Engine.Register(&Option{
		Key: "state.memory.limit", Type: MemorySize, Default: "0",
		Doc: "Memory that the state of all operators of a job may take together; a job that needs more ends with an error that names the operator with the largest state. 0 means no limit. Millstream's own.",
	})
	CheckpointInterval = Engine.Register(&Option{
		Key: "execution.checkpointing.interval", Type: Duration,
		Doc: "How often a checkpoint is started. Unset or 0 means never.",
	})
	CheckpointDir = Engine.Register(&Option{
		Key: "execution.checkpointing.dir", Aliases: []string{"state.checkpoints.dir", "state.backend.fs.checkpointdir"}, Check: checkLocation,
		Doc: "Directory for checkpoints, such as s3://bucket/checkpoints or file:///var/lib/millstream.",
	})
	CheckpointMinPause = Engine.Register(&Option{
		Key: "execution.checkpointing.min-pause", Type: Duration, Default: "0 ms",
		Doc: "Shortest time from the end of one checkpoint to the start of the next.",
	})
	CheckpointTimeout = Engine.Register(&Option{
		Key: "execution.checkpointing.timeout", Type: Duration, Default: "10 min",
		Doc: "A checkpoint that takes longer is given up and counts as failed.",
	})
	CheckpointMode = Engine.Register(&Option{
		Key: "execution.checkpointing.mode", Type: Enum, Values: []string{"EXACTLY_ONCE", "AT_LEAST_ONCE"}, Default: "EXACTLY_ONCE",
		Doc: "Whether a record may count twice in state after a failure (AT_LEAST_ONCE, which does not align inputs) or never does.",
	})
	UnalignedCheckpoints = Engine.Register(&Option{
		Key: "execution.checkpointing.unaligned.enabled", Aliases: []string{"execution.checkpointing.unaligned"}, Type: Bool, Default: "true",
		Doc: "Whether barriers of a checkpoint overtake rows that wait between tasks, which then become part of the checkpoint, once they have waited for execution.checkpointing.aligned-checkpoint-timeout. Not with AT_LEAST_ONCE; savepoints wait.",
	})
	AlignedCheckpointTimeout = Engine.Register(&Option{
		Key: "execution.checkpointing.aligned-checkpoint-timeout", Aliases: []string{"execution.checkpointing.alignment-timeout"}, Type: Duration, Default: "1 s",
		Doc: "How long after the start of a checkpoint its barriers wait for what stands before them, before they overtake it; 0 means not at all. Flink's default is 0.",
	})
	TolerableFailedCheckpoints = Engine.Register(&Option{
		Key: "execution.checkpointing.tolerable-failed-checkpoints", Type: Int, Default: "0", Check: AtLeast(0),
		Doc: "Checkpoints in a row that may fail before the job does. Unless it is set, those do not count that fail because the store does not answer.",
	})
	RetainedCheckpoints = Engine.Register(&Option{
		Key: "execution.checkpointing.num-retained", Aliases: []string{"state.checkpoints.num-retained"}, Type: Int, Default: "1", Check: AtLeast(1),
		Doc: "Completed checkpoints that are kept; older ones are deleted.",
	})
	CheckpointRetention = Engine.Register(&Option{
		Key: "execution.checkpointing.externalized-checkpoint-retention", Type: Enum,
		Values:  []string{"NO_EXTERNALIZED_CHECKPOINTS", "DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION"},
		Default: "NO_EXTERNALIZED_CHECKPOINTS",
		Doc:     "Whether the last checkpoint stays when the job is cancelled; a job that fails leaves it unless NO_EXTERNALIZED_CHECKPOINTS. Unless it is set, both leave it, so that the same job started again goes on.",
	})
	SavepointDir = Engine.Register(&Option{
		Key: "execution.checkpointing.savepoint-dir", Aliases: []string{"state.savepoints.dir"}, Check: checkLocation,
		Doc: "Directory for savepoints that are taken without naming one.",
	})
	SavepointPath = Engine.Register(&Option{
		Key: "execution.state-recovery.path", Aliases: []string{"execution.savepoint.path"}, Check: checkLocation,
		Doc: "Savepoint or checkpoint that the next job starts from.",
	})
	Resume = Engine.Register(&Option{
		Key: "execution.state-recovery.resume", Type: Enum, Values: []string{"auto", "never"}, Default: "auto",
		Doc: "Whether a job goes on from its last checkpoint in execution.checkpointing.dir (auto), which is found by the job's name, or starts without state and deletes what is there (never). execution.state-recovery.path goes before it.",
	})
	ControlSocket = Engine.Register(&Option{
		Key: "execution.control-socket", Type: Bool, Default: "true",
		Doc: "Whether other processes of the same user can list the job, take savepoints of it, stop and cancel it, by a socket in the user's runtime directory.",
	})
	IgnoreUnclaimedState = Engine.Register(&Option{
		Key: "execution.state-recovery.ignore-unclaimed-state", Aliases: []string{"execution.savepoint.ignore-unclaimed-state"}, Type: Bool, Default: "false",
		Doc: "Whether state of operators that the job no longer has is left out; otherwise it is an error.",
	})
)

// Restarts after a failure.
var (
	RestartStrategy = Engine.Register(&Option{
		Key: "restart-strategy.type", Aliases: []string{"restart-strategy"}, Type: Enum,
		Values: []string{"none", "off", "disable", "fixed-delay", "fixeddelay", "failure-rate", "failurerate", "exponential-delay", "exponentialdelay"},
		Doc:    "What a failed job does: none (also off, disable) ends it, the others start it again from the last checkpoint. Unset means exponential-delay with checkpoints and none without.",
	})
	FixedDelayAttempts = Engine.Register(&Option{
		Key: "restart-strategy.fixed-delay.attempts", Type: Int, Default: "1", Check: AtLeast(0),
		Doc: "Restarts before the job fails for good.",
	})
	FixedDelay = Engine.Register(&Option{
		Key: "restart-strategy.fixed-delay.delay", Type: Duration, Default: "1 s",
		Doc: "Pause before a restart.",
	})
	FailureRateMax = Engine.Register(&Option{
		Key: "restart-strategy.failure-rate.max-failures-per-interval", Type: Int, Default: "1", Check: AtLeast(0),
		Doc: "Failures within the interval before the job fails for good.",
	})
	FailureRateInterval = Engine.Register(&Option{
		Key: "restart-strategy.failure-rate.failure-rate-interval", Type: Duration, Default: "1 min",
		Doc: "Time over which failures are counted.",
	})
	FailureRateDelay = Engine.Register(&Option{
		Key: "restart-strategy.failure-rate.delay", Type: Duration, Default: "1 s",
		Doc: "Pause before a restart.",
	})
	ExponentialInitialBackoff = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.initial-backoff", Type: Duration, Default: "1 s",
		Doc: "Pause before the first restart.",
	})
	ExponentialMaxBackoff = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.max-backoff", Type: Duration, Default: "1 min",
		Doc: "Longest pause before a restart.",
	})
	ExponentialMultiplier = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.backoff-multiplier", Type: Double, Default: "1.5", Check: numberAtLeast(1),
		Doc: "Factor by which the pause grows from restart to restart, at least 1.",
	})
	ExponentialJitter = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.jitter-factor", Type: Double, Default: "0.1", Check: numberAtLeast(0),
		Doc: "Share of the pause that is added or taken away at random.",
	})
	ExponentialResetThreshold = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.reset-backoff-threshold", Type: Duration, Default: "1 h",
		Doc: "Time without a failure after which the pause is the first one again.",
	})
	ExponentialAttempts = Engine.Register(&Option{
		Key: "restart-strategy.exponential-delay.attempts-before-reset-backoff", Type: Int, Check: AtLeast(0),
		Doc: "Restarts without a reset of the pause before the job fails for good. Unset means no limit.",
	})
)
