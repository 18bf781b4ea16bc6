package store

// PostgresFunctions make the functions that statements call, and replace those of
// an earlier version.
//
// loam_sum and loam_avg come out as SQLite's do, to the last digit (Kahan and
// Babuska's), NULL where they are beyond what JSON has a number for.
//
// loam_fold makes of a text its words as FTS5's unicode61 would, two blanks between
// them. The terms of an index are words behind a mark of the organization, so that
// nobody's search goes through another's rows; of a row that has more than a
// megabyte of different ones, the rest is not found.
const PostgresFunctions = `
CREATE OR REPLACE FUNCTION loam_add(s double precision[], x double precision) RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE t double precision;
BEGIN
  IF x IS NULL THEN RETURN s; END IF;
  IF abs(s[1]) = 'Infinity' OR s[1] > 0 AND x > 1.7976931348623157e308 - s[1] OR s[1] < 0 AND x < -1.7976931348623157e308 - s[1] THEN
    RETURN ARRAY['Infinity', 0, s[3] + 1];
  END IF;
  t := s[1] + x;
  IF abs(s[1]) > abs(x) THEN
    RETURN ARRAY[t, s[2] + ((s[1] - t) + x), s[3] + 1];
  END IF;
  RETURN ARRAY[t, s[2] + ((x - t) + s[1]), s[3] + 1];
END $$;
CREATE OR REPLACE FUNCTION loam_sum_of(s double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT CASE WHEN s[3] > 0 AND s[1] <> 'Infinity' THEN s[1] + s[2] END $$;
CREATE OR REPLACE FUNCTION loam_avg_of(s double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT CASE WHEN s[3] > 0 AND s[1] <> 'Infinity' THEN (s[1] + s[2]) / s[3] END $$;
CREATE OR REPLACE AGGREGATE loam_sum(double precision) (SFUNC = loam_add, STYPE = double precision[], INITCOND = '{0,0,0}', FINALFUNC = loam_sum_of, PARALLEL = SAFE);
CREATE OR REPLACE AGGREGATE loam_avg(double precision) (SFUNC = loam_add, STYPE = double precision[], INITCOND = '{0,0,0}', FINALFUNC = loam_avg_of, PARALLEL = SAFE);
DO $do$
DECLARE best text := (SELECT quote_ident(collname) FROM pg_collation
  WHERE collname IN ('und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8') AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
  ORDER BY array_position(ARRAY['und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8'], collname::text) LIMIT 1);
BEGIN
  EXECUTE replace($make$
CREATE OR REPLACE FUNCTION loam_fold(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $fold$
DECLARE s text;
BEGIN
  IF octet_length(t) = length(t) THEN
    s := regexp_replace(lower(t COLLATE "C"), '[^a-z0-9]+', '  ', 'g');
  ELSE
    s := replace(lower(normalize(t, NFD) COLLATE "und-x-icu"), 'ς', 'σ');
    s := normalize(regexp_replace(s, '([a-z])[\u0300-\u036f]+', '\1', 'g'), NFC);
    s := regexp_replace(s COLLATE "und-x-icu", '[^[:alnum:]\u0300-\u036f]+', '  ', 'g');
  END IF;
  RETURN ' ' || btrim(s, ' ') || ' ';
END $fold$
$make$, '"und-x-icu"', coalesce(best, '"default"'));
END $do$;
CREATE OR REPLACE FUNCTION loam_words(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT array_remove(string_to_array(loam_fold(t), ' '), '') $$;
CREATE OR REPLACE FUNCTION loam_search(org text, fields text[]) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  lead text := left(md5(org), 6) || ' ';
  words text[] := ARRAY(SELECT DISTINCT lead || left(w, 400) FROM unnest(loam_words(array_to_string(fields, ' '))) w);
BEGIN
  IF octet_length(array_to_string(words, '')) > 1000000 THEN
    words := ARRAY(SELECT w FROM (SELECT w, sum(octet_length(w)) OVER (ORDER BY w COLLATE "C") AS upto FROM unnest(words) w) x WHERE upto <= 1000000);
  END IF;
  RETURN array_to_tsvector(words);
END $$;
CREATE OR REPLACE FUNCTION loam_query(org text, words text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg('''' || left(md5(org), 6) || ' ' || left(w, 400) || '''' || CASE WHEN i = cardinality(words) THEN ':*' ELSE '' END, ' & ')::tsquery FROM unnest(words) WITH ORDINALITY u(w, i)
$$;
CREATE OR REPLACE FUNCTION loam_find(t regclass, columns text[], org text, words text[]) RETURNS SETOF tid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF current_setting('role', true) <> 'none' AND org IS DISTINCT FROM current_setting('` + OrgSetting + `', true) THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE 'SELECT ctid FROM ' || t || ' WHERE loam_search("_org", ARRAY[' || (SELECT string_agg(quote_ident(c), ', ' ORDER BY i) FROM unnest(columns) WITH ORDINALITY u(c, i)) || ']) @@ $1' USING loam_query(org, words);
END $$;
CREATE OR REPLACE FUNCTION loam_hits(t text, words text[]) RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  s text := loam_fold(t);
  last text := words[cardinality(words)];
  w text;
  hits double precision := (length(s) - length(replace(s, ' ' || last, ''))) / (length(last) + 1);
BEGIN
  FOR i IN 1 .. cardinality(words) - 1 LOOP
    w := words[i];
    IF NOT w ^@ last AND NOT w = ANY(words[:i - 1]) THEN
      hits := hits + (length(s) - length(replace(s, ' ' || w || ' ', ''))) / (length(w) + 2);
    END IF;
  END LOOP;
  RETURN hits;
END $$;
`
