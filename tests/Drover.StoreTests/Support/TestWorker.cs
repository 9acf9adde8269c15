using Drover.Brokers;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.Workers;

namespace Drover.StoreTests.Support;

/// <summary>A worker's session with shorthands.</summary>
public sealed class TestWorker(TestSystem system, IWorkerSession session, WorkerDescription description)
{
    /// <summary>So long a test waits for what must come before it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public IWorkerSession Session => session;

    public WorkerDescription Description => description;

    /// <summary>Leases jobs of which at least one is ready.</summary>
    public async Task<IReadOnlyList<Lease>> LeaseAsync(int max = 1)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        return await session.LeaseAsync(max, patience.Token);
    }

    /// <summary>Leases the one job that is most urgent.</summary>
    public async Task<Lease> LeaseOneAsync() => Assert.Single(await LeaseAsync());

    /// <summary>Leases what is ready now; empty when nothing is.</summary>
    public async Task<IReadOnlyList<Lease>> TryLeaseAsync(int max = 1) => await system.TryLeaseAsync(session, description, max);

    /// <summary>Leases one job after the other, each with a call of its own.</summary>
    public async Task<IReadOnlyList<Guid>> LeaseInOrderAsync(int count)
    {
        var ids = new List<Guid>();
        while (ids.Count < count)
            ids.Add((await LeaseOneAsync()).Token.JobId);
        return ids;
    }

    public async Task<RenewResult> RenewAsync(Lease lease) => Assert.Single(await session.RenewAsync([lease.Token]));

    public async Task<JobChange> FinishAsync(Lease lease, AttemptOutcome outcome) =>
        Assert.Single(await session.FinishAsync([new(lease.Token, outcome)]));

    public async Task<bool> AppendAsync(Lease lease, params OutputEntry[] entries) => await session.AppendOutputAsync(lease.Token, entries, null);

    public async Task<bool> TrimAsync(Lease lease, OutputTrim trim, params OutputEntry[] entries) =>
        await session.AppendOutputAsync(lease.Token, entries, trim);
}
