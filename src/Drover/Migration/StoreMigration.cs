using System.Text.Json;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Migration;

/// <summary>
/// Moves everything from one store to another: documents, jobs with attempts and output, paused queues, the audit log. No node runs on
/// either meanwhile. How far it is stands in the target, so that it can be broken off at any moment and called again; then it reads
/// everything back from both and compares. The source is only read.
/// </summary>
public sealed class StoreMigration(StoreParts from, StoreParts to, TimeProvider time)
{
    private const int Page = 200;
    private const string MarkKind = "setting";
    private const string MarkId = "migration";

    /// <summary>Every kind of document there is.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["server", "server_status", "key", "schedule", "limit", "setting", "session", "idempotency"];

    private DateTimeOffset _begun = time.GetUtcNow();

    /// <summary>Told of progress; null for nobody.</summary>
    public Action<MigrationProgress>? Progress { get; init; }

    /// <summary>Running jobs become what they are when their worker is lost, in place of stopping the migration.</summary>
    public bool LoseRunning { get; init; }

    /// <summary>Whether a store is the target of a migration that has not ended: then no node may run on it.</summary>
    public static async ValueTask<bool> IsUnfinishedAsync(ICatalog catalog, CancellationToken cancel = default) => await catalog.GetAsync(MarkKind, MarkId, cancel) is not null;

    /// <summary>Looks what would be moved, and whether it can be.</summary>
    /// <exception cref="MigrationException">It cannot.</exception>
    public async Task<MigrationReport> PlanAsync(CancellationToken cancel = default)
    {
        var mark = await CheckAsync(cancel);
        var kinds = new List<MigratedKind> { new("jobs", (await from.Jobs.CountAsync(JobFilter.All, cancel)).Total, "") };
        foreach (string kind in Kinds)
        {
            if ((await DocumentsAsync(from, kind, cancel)).Count is var count and > 0)
                kinds.Add(new(kind, count, ""));
        }

        kinds.Add(new("audit", (await AuditAsync(from, cancel)).Count, ""));
        return new(kinds, mark is not null);
    }

    /// <summary>Moves, compares, and says so.</summary>
    /// <exception cref="MigrationException">It cannot be done, or the target does not hold what the source does.</exception>
    public async Task<MigrationReport> RunAsync(CancellationToken cancel = default)
    {
        var mark = await CheckAsync(cancel);
        bool resumed = mark is not null;
        if (mark is not null)
            _begun = Read(mark).Begun;
        mark ??= await to.Catalog.CreateAsync(new(MarkKind, MarkId, MarkId, 0, Content(null, 0)), cancel);
        await MoveDocumentsAsync(cancel);
        foreach (var queue in (await from.Jobs.ListQueuesAsync(cancel)).Where(q => q.Paused))
            await to.Jobs.SetPausedAsync(queue.Name, true, cancel);
        await MoveJobsAsync(mark, cancel);
        await MoveAuditAsync(cancel);
        var kinds = await VerifyAsync(cancel);
        if (await to.Catalog.GetAsync(MarkKind, MarkId, cancel) is { } last)
            await to.Catalog.DeleteAsync(MarkKind, MarkId, last.Version, cancel);
        return new(kinds, resumed);
    }

    private async Task<CatalogDocument?> CheckAsync(CancellationToken cancel)
    {
        if (await from.Catalog.GetAsync(MarkKind, MarkId, cancel) is not null)
            throw new MigrationException($"{from.Name} is itself the target of a migration that has not ended; finish that one first.");
        if (!LoseRunning && (await from.Jobs.CountAsync(JobFilter.All, cancel)).Running is var running and > 0)
            throw new MigrationException($"{running} jobs of {from.Name} run. Let their workers finish them (drain), or give --lose-running: each then becomes what it is when its worker is lost.");
        var mark = await to.Catalog.GetAsync(MarkKind, MarkId, cancel);
        if (mark is not null)
        {
            string source = Read(mark).From;
            return source == from.Name ? mark : throw new MigrationException($"{to.Name} is the target of a migration from {source} that has not ended; finish that one, or use an empty store.");
        }

        long jobs = (await to.Jobs.CountAsync(JobFilter.All, cancel)).Total;
        long documents = 0;
        foreach (string kind in Kinds)
            documents += (await to.Catalog.ListAsync(kind, cancel)).Count;
        return jobs + documents == 0 ? null : throw new MigrationException($"{to.Name} is not empty: it holds {jobs} jobs and {documents} documents. Migrate into a store that no node has used.");
    }

    private async Task MoveDocumentsAsync(CancellationToken cancel)
    {
        foreach (string kind in Kinds)
        {
            var documents = await DocumentsAsync(from, kind, cancel);
            for (int n = 0; n < documents.Count; n++)
            {
                Tell("catalog", n, documents.Count);
                if (await to.Catalog.GetAsync(kind, documents[n].Id, cancel) is null)
                    await to.Catalog.CreateAsync(documents[n] with { Version = 0 }, cancel);
            }
        }
    }

    private async Task MoveJobsAsync(CatalogDocument mark, CancellationToken cancel)
    {
        var archive = (IJobArchive)to.Jobs;
        long total = (await from.Jobs.CountAsync(JobFilter.All, cancel)).Total;
        var (_, cursor, done, _) = Read(mark);
        // A page may have come only in part: it is looked at again.
        for (bool more = done == 0 || cursor is not null; more; more = cursor is not null)
        {
            var page = await from.Jobs.ListAsync(new(JobFilter.All, JobSort.CreatedAscending, Page, cursor), cancel);
            var jobs = (await from.Jobs.GetAsync([.. page.Items.Select(j => j.Id)], cancel)).OfType<Job>().Select(Settled).ToList();
            if (jobs.Count > 0)
                await archive.ImportAsync(jobs, cancel);
            foreach (var job in jobs.Where(j => j.Attempt > 0))
            {
                await foreach (var entries in OutputAsync(from, job.Id, cancel))
                    await archive.ImportOutputAsync(job.Id, entries, cancel);
            }

            (cursor, done) = (page.Next, done + jobs.Count);
            mark = await to.Catalog.UpdateAsync(mark with { Json = Content(cursor, done) }, cancel);
            Tell("jobs", done, total);
        }
    }

    private async Task MoveAuditAsync(CancellationToken cancel)
    {
        var events = await AuditAsync(from, cancel);
        int done = (await AuditAsync(to, cancel)).Count;
        foreach (var chunk in events.Skip(done).Chunk(500))
        {
            await to.Audit.AppendAsync(chunk, cancel);
            Tell("audit", done += chunk.Length, events.Count);
        }
    }

    private async Task<IReadOnlyList<MigratedKind>> VerifyAsync(CancellationToken cancel)
    {
        var sent = await SumAsync(from, cancel);
        var arrived = await SumAsync(to, cancel);
        foreach (var (kind, there) in sent.Zip(arrived))
        {
            if (kind != there)
                throw new MigrationException($"What arrived differs: {kind.Count} {kind.Kind} were sent with the checksum {Short(kind)}, {to.Name} has {there.Count} with {Short(there)}. Nothing was changed in {from.Name}; empty the target and begin anew.");
        }

        return [.. sent.Where(kind => kind.Count > 0 || kind.Kind == "jobs")];

        static string Short(MigratedKind kind) => kind.Checksum[..12];
    }

    private async Task<List<MigratedKind>> SumAsync(StoreParts store, CancellationToken cancel)
    {
        using var jobDigest = new JobDigest();
        using var outputDigest = new JobDigest();
        long jobs = 0, entries = 0, total = (await store.Jobs.CountAsync(JobFilter.All, cancel)).Total;
        string? cursor = null;
        do
        {
            var page = await store.Jobs.ListAsync(new(JobFilter.All, JobSort.CreatedAscending, Page, cursor), cancel);
            foreach (var job in (await store.Jobs.GetAsync([.. page.Items.Select(j => j.Id)], cancel)).OfType<Job>().Select(Settled))
            {
                jobDigest.Add(job);
                await foreach (var some in OutputAsync(store, job.Id, cancel))
                {
                    entries += some.Count;
                    foreach (var entry in some)
                        outputDigest.Add(entry);
                }

                jobs++;
            }

            cursor = page.Next;
            Tell("verify", jobs, total);
        }
        while (cursor is not null);
        var sums = new List<MigratedKind> { new("jobs", jobs, jobDigest.Text), new("output", entries, outputDigest.Text) };
        foreach (string kind in Kinds)
        {
            using var digest = new JobDigest();
            var documents = await DocumentsAsync(store, kind, cancel);
            foreach (var document in documents.OrderBy(d => d.Id, StringComparer.Ordinal))
            {
                digest.Add(document.Id, document.Name);
                digest.Add(document.Json.Span);
            }

            sums.Add(new(kind, documents.Count, digest.Text));
        }

        using var auditDigest = new JobDigest();
        var audit = await AuditAsync(store, cancel);
        foreach (var e in audit)
            auditDigest.Add(e.At.UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture), e.Actor, e.Origin, e.Action, e.Subject, e.Detail);
        sums.Add(new("audit", audit.Count, auditDigest.Text));
        return sums;
    }

    // The moment of the loss is that of the migration's begin, in every look the same.
    private Job Settled(Job job) => JobImport.WithoutLease(job, _begun, 0.5);

    private static async Task<IReadOnlyList<CatalogDocument>> DocumentsAsync(StoreParts store, string kind, CancellationToken cancel) =>
        [.. (await store.Catalog.ListAsync(kind, cancel)).Where(d => kind != MarkKind || d.Id != MarkId)];

    /// <summary>All of it, oldest first.</summary>
    private static async Task<List<AuditEvent>> AuditAsync(StoreParts store, CancellationToken cancel)
    {
        var all = new List<AuditEvent>();
        while (true)
        {
            var page = await store.Audit.ListAsync(all.Count == 0 ? null : all[^1].Id, 500, cancel);
            if (page.Count == 0)
                break;
            all.AddRange(page);
        }

        all.Reverse();
        return all;
    }

    private static async IAsyncEnumerable<IReadOnlyList<Output.OutputEntry>> OutputAsync(
        StoreParts store, Guid id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (long after = 0; ;)
        {
            var page = await store.Jobs.ReadOutputAsync(new(id, after), cancel);
            if (page is null || page.Entries.Count == 0)
                yield break;
            yield return page.Entries;
            after = page.Next;
        }
    }

    private byte[] Content(string? cursor, long done)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("from", from.Name);
            writer.WriteString("cursor", cursor);
            writer.WriteNumber("done", done);
            writer.WriteString("begun", _begun);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static (string From, string? Cursor, long Done, DateTimeOffset Begun) Read(CatalogDocument mark)
    {
        using var json = JsonDocument.Parse(mark.Json);
        var root = json.RootElement;
        return (root.GetProperty("from").GetString()!, root.GetProperty("cursor").GetString(), root.GetProperty("done").GetInt64(), root.GetProperty("begun").GetDateTimeOffset());
    }

    private void Tell(string step, long done, long total) => Progress?.Invoke(new(step, done, total));
}
