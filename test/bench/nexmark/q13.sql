-- Query 13: bids with what a bounded side table has for them: a lookup join.
CREATE TABLE side_input (
  key BIGINT,
  `value` STRING
) WITH ('connector' = 'filesystem', 'path' = '${side_input}', 'format' = 'csv');

CREATE TABLE q13 (
  auction BIGINT,
  bidder BIGINT,
  price BIGINT,
  `dateTime` TIMESTAMP(3),
  `value` STRING
) WITH ('connector' = 'blackhole');

INSERT INTO q13
SELECT b.auction, b.bidder, b.price, b.`dateTime`, s.`value`
FROM (SELECT *, PROCTIME() AS p_time FROM bid) AS b
JOIN side_input FOR SYSTEM_TIME AS OF b.p_time AS s ON MOD(b.auction, 10000) = s.key;
