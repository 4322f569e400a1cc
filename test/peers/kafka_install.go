package peers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// KafkaVersion is the release of Apache Kafka that is run.
const KafkaVersion = "4.3.1"

// kafkaProject is a project of Maven that depends on the broker. What the broker logs by has to be of the version that it calls.
const kafkaProject = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millstream</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>` + KafkaVersion + `</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

// InstallKafka downloads Kafka's jars and those that they need from Maven's central repository unless they are there, and returns their directory.
func InstallKafka(ctx context.Context) (string, error) {
	jars := func(cache string) string { return filepath.Join(cache, "kafka-"+KafkaVersion) }
	have := func(cache string) bool {
		_, err := os.Stat(jars(cache))
		return err == nil
	}
	cache, err := install("Apache Kafka", have, func(cache string) (err error) {
		dir, err := os.MkdirTemp(cache, "kafka-*")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		project, lib := filepath.Join(dir, "pom.xml"), filepath.Join(dir, "lib")
		if err := os.WriteFile(project, []byte(kafkaProject), 0o644); err != nil {
			return err
		}
		if err := run(ctx, "mvn", "-q", "-B", "-f", project, "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+lib); err != nil {
			return err
		}
		return os.Rename(lib, jars(cache)) // all of them or none
	})
	return jars(cache), err
}
