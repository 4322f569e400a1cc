-- Query 12: bids of a user in each ten seconds of processing time.
CREATE TEMPORARY VIEW bid_now AS SELECT *, PROCTIME() AS p_time FROM bid;

CREATE TABLE q12 (
  bidder BIGINT,
  bid_count BIGINT,
  starttime TIMESTAMP(3),
  endtime TIMESTAMP(3)
) WITH ('connector' = 'blackhole');

INSERT INTO q12
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(TUMBLE(TABLE bid_now, DESCRIPTOR(p_time), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
