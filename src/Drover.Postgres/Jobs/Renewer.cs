using Drover.Postgres.Engine;
using Drover.Storage;

namespace Drover.Postgres.Jobs;

/// <summary>Prolongs leases, those of many workers in one statement.</summary>
internal sealed class Renewer
{
    private const string RenewSql = """
        UPDATE running r SET lease_until = i.until, lease_length = i.length FROM unnest($1, $2, $3, $4) AS i (seq, attempt, until, length)
        WHERE r.seq = i.seq AND r.attempt = i.attempt RETURNING r.seq, r.attempt, r.cancel_at IS NOT NULL
        """;

    private readonly Link _link;
    private readonly SharedClock _clock;
    private readonly JobCache _cache;
    private readonly Groups<Renewal, RenewResult[]> _groups;

    public Renewer(Link link, SharedClock clock, JobCache cache)
    {
        (_link, _clock, _cache) = (link, clock, cache);
        _groups = new(1, 5000, r => r.Leases.Count, RunAsync);
    }

    public async ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel)
    {
        if (leases.Count == 0)
            return [];
        var known = await _cache.LearnAsync(leases.Select(l => l.JobId), cancel);
        return await _groups.AddAsync(new([.. leases.Select(l => known.TryGetValue(l.JobId, out var job) ? (job.Seq, l.Attempt) : (-1, 0))], duration));
    }

    private async Task RunAsync(List<Call<Renewal, RenewResult[]>> group)
    {
        var all = group.SelectMany(c => c.Request.Leases.Select(l => (l.Seq, l.Attempt, c.Request.Duration))).Where(l => l.Seq > 0)
            .DistinctBy(l => (l.Seq, l.Attempt)).OrderBy(l => l.Seq).ToArray();
        var held = await _link.WriteAsync(async connection =>
        {
            await using var command = connection.Command(RenewSql)
                .With(Array.ConvertAll(all, l => l.Seq)).With(Array.ConvertAll(all, l => l.Attempt))
                .With(Array.ConvertAll(all, l => _clock.SteadyIn(l.Duration))).With(Array.ConvertAll(all, l => l.Duration.Ticks));
            await using var reader = await command.ExecuteReaderAsync();
            var found = new Dictionary<(long Seq, int Attempt), bool>();
            while (await reader.ReadAsync())
                found[(reader.GetInt64(0), reader.GetInt32(1))] = reader.GetBoolean(2);
            return found;
        });
        foreach (var call in group)
            call.Done([.. call.Request.Leases.Select(l => held.TryGetValue(l, out bool canceled) ? new RenewResult(true, canceled) : new RenewResult(false, false))]);
    }

    private sealed record Renewal(IReadOnlyList<(long Seq, int Attempt)> Leases, TimeSpan Duration);
}
