-- Counts the words of a text: the smallest whole program in SQL.
--   millstream run examples/wordcount.sql
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE text (
  line STRING
) WITH (
  'connector' = 'filesystem',
  'path'      = 's3://input/test.txt',
  'format'    = 'raw'
);

CREATE TABLE counts (
  word   STRING,
  number BIGINT
) WITH (
  'connector' = 'filesystem',
  'path'      = 's3://testbucket/output',
  'format'    = 'csv'
);

INSERT INTO counts
SELECT word, COUNT(*)
FROM text, UNNEST(SPLIT(line, ' ')) AS w(word)
WHERE word <> ''
GROUP BY word;
