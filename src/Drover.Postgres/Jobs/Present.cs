using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>The answer to an idempotency key's first request.</summary>
internal sealed record FirstAnswer(long At, string Fingerprint, IReadOnlyList<EnqueuedJob> Jobs);

/// <summary>What is there already of what a group of requests names; read, and kept up to date, under the lock of the keys.</summary>
internal sealed class Present
{
    private const int JobBytes = 18;
    private readonly HashSet<string> _new = new(StringComparer.Ordinal);

    public Dictionary<string, FirstAnswer> Answers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (Guid Id, JobStatus Status)> Keys { get; } = new(StringComparer.Ordinal);

    public HashSet<Guid> Ids { get; } = [];

    /// <summary>How many jobs wait in each queue.</summary>
    public Dictionary<string, long> Sizes { get; } = new(StringComparer.Ordinal);

    public static async Task<Present> ReadAsync(NpgsqlConnection connection, List<Enqueuer.Prepared> requests, long? most)
    {
        var present = new Present();
        await using var batch = new NpgsqlBatch(connection);
        var rows = requests.SelectMany(r => r.Rows).ToList();
        batch.Add("SELECT key, at, fingerprint, answer FROM idempotency_keys WHERE key = ANY($1)").With(requests.Select(r => r.Request.IdempotencyKey).Where(k => k is not null).ToArray());
        batch.Add($"SELECT u.key, x.id, x.status FROM unique_keys u CROSS JOIN LATERAL (SELECT j.id, s.status FROM {States.All} WHERE j.seq = u.seq LIMIT 1) x WHERE u.key = ANY($1)")
            .With(rows.Select(r => r.UniqueKey).Where(k => k is not null).ToArray());
        batch.Add("SELECT id FROM jobs WHERE id = ANY($1)").With(requests.Where(r => r.Request.FirstId is not null).SelectMany(r => r.Rows).Select(r => r.Id).ToArray());
        string[] queues = most is null ? [] : [.. rows.Select(r => r.Spec.Queue).Distinct()];
        batch.Add("""
            SELECT q.name, (SELECT count(*) FROM (SELECT FROM lines l CROSS JOIN LATERAL (SELECT FROM ready WHERE line = l.id LIMIT $2) r WHERE l.queue = q.name LIMIT $2) a)
              + (SELECT count(*) FROM (SELECT FROM waiting w JOIN lines l ON l.id = w.line WHERE l.queue = q.name LIMIT $2) b)
            FROM unnest($1) AS q (name)
            """).With(queues).With((most ?? 0) + 1);
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            present.Answers[reader.GetString(0)] = new(reader.GetInt64(1), reader.GetString(2), Jobs(reader.GetFieldValue<byte[]>(3)));
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
            present.Keys[reader.GetString(0)] = (reader.GetGuid(1), (JobStatus)reader.GetInt16(2));
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
            present.Ids.Add(reader.GetGuid(0));
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
            present.Sizes[reader.GetString(0)] = reader.GetInt64(1);
        return present;
    }

    public void Answer(string key, FirstAnswer answer)
    {
        Answers[key] = answer;
        _new.Add(key);
    }

    public async Task StoreAnswersAsync(NpgsqlConnection connection)
    {
        foreach (string key in _new)
        {
            await using var command = connection.Command("""
                INSERT INTO idempotency_keys (key, at, fingerprint, answer) VALUES ($1, $2, $3, $4)
                ON CONFLICT (key) DO UPDATE SET at = excluded.at, fingerprint = excluded.fingerprint, answer = excluded.answer
                """).With(key).With(Answers[key].At).With(Answers[key].Fingerprint).With(Bytes(Answers[key].Jobs));
            await command.ExecuteNonQueryAsync();
        }
    }

    private static byte[] Bytes(IReadOnlyList<EnqueuedJob> jobs)
    {
        byte[] bytes = new byte[jobs.Count * JobBytes];
        for (int n = 0; n < jobs.Count; n++)
        {
            jobs[n].Id.TryWriteBytes(bytes.AsSpan(n * JobBytes), bigEndian: true, out _);
            bytes[n * JobBytes + 16] = (byte)jobs[n].Status;
            bytes[n * JobBytes + 17] = jobs[n].Duplicate ? (byte)1 : (byte)0;
        }

        return bytes;
    }

    private static EnqueuedJob[] Jobs(byte[] bytes)
    {
        var jobs = new EnqueuedJob[bytes.Length / JobBytes];
        for (int n = 0; n < jobs.Length; n++)
            jobs[n] = new(new(bytes.AsSpan(n * JobBytes, 16), bigEndian: true), (JobStatus)bytes[n * JobBytes + 16], bytes[n * JobBytes + 17] == 1);
        return jobs;
    }
}
