using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Stores;

/// <summary>Limits on how many jobs run, and on how many one call may lease.</summary>
public abstract partial class StoreConformance
{
    private static LeaseRequest Asks(int max, params (string Key, int Most)[] permits) => new()
    {
        WorkerId = "w",
        InstanceId = Guid.Empty,
        Max = max,
        Duration = Make.LeaseDuration,
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
        Permits = permits.Length == 0 ? null : permits.ToDictionary(p => p.Key, p => p.Most),
    };

    private async Task<IReadOnlyList<Guid>> AddAllAsync(params JobSpec[] specs) => [.. (await Jobs.EnqueueAsync(new(specs))).Jobs.Select(job => job.Id)];

    private async Task<IReadOnlyList<Guid>> TakeAsync(LeaseRequest request) => [.. (await Jobs.LeaseAsync(request)).Select(lease => lease.Token.JobId)];

    [Fact]
    public async Task A_queues_limit_counts_all_its_jobs_and_holds_up_no_other_queue()
    {
        var mail = Make.Task() with { Queue = "mail" };
        var ids = await AddAllAsync(mail with { Priority = 1 }, mail with { Priority = 2, LimitKey = "k" }, mail with { Priority = 3 }, Make.Task() with { Priority = 9 });
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { [JobRules.QueueLimitKey("mail")] = 2 });
        Assert.Equal([ids[0], ids[1], ids[3]], await TakeAsync(Asks(10)));
        Assert.Empty(await TakeAsync(Asks(10)));
        await Jobs.FinishAsync([new(new(ids[1], 1), Make.Completed)]);
        Assert.Equal([ids[2]], await TakeAsync(Asks(10)));
        var more = await AddAllAsync(mail);
        Assert.Empty(await TakeAsync(Asks(10)));
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { [JobRules.QueueLimitKey("mail")] = null });
        Assert.Equal(more, await TakeAsync(Asks(10)));
    }

    [Fact]
    public async Task A_limit_key_counts_its_jobs_in_all_queues_and_holds_up_no_others()
    {
        var keyed = Make.Task() with { LimitKey = "api" };
        var ids = await AddAllAsync(keyed, keyed with { Queue = "other" }, keyed, Make.Task(), Make.Task() with { LimitKey = "else" });
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["key:api"] = 2 });
        Assert.Equal(new[] { ids[0], ids[1], ids[3], ids[4] }.Order(), (await TakeAsync(Asks(10))).Order());
        await Jobs.FinishAsync([new(new(ids[1], 1), Make.Failed)]);
        Assert.Equal([ids[2]], await TakeAsync(Asks(10)));
    }

    [Fact]
    public async Task A_call_leases_no_more_than_its_permits_and_passes_over_what_they_bind()
    {
        var keyed = Make.Task() with { LimitKey = "api", Priority = 1 };
        var ids = await AddAllAsync(keyed, keyed, keyed, Make.Task(), Make.Task() with { Queue = "mail" }, Make.Task() with { Queue = "mail" });
        Assert.Equal(new[] { ids[0], ids[1], ids[3], ids[4] }.Order(), (await TakeAsync(Asks(10, ("key:api", 2), ("queue:mail", 1), ("key:none", 0)))).Order());
        Assert.Empty(await TakeAsync(Asks(10, ("key:api", 0), ("queue:mail", 0))));
        Assert.Equal([ids[2]], await TakeAsync(Asks(10, ("key:api", 5), ("queue:mail", 0))));
        Assert.Equal([ids[5]], await TakeAsync(Asks(10)));
    }

    [Fact]
    public async Task A_permit_and_a_limit_bind_together()
    {
        var keyed = Make.Task() with { LimitKey = "api" };
        var ids = await AddAllAsync(keyed, keyed, keyed);
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["key:api"] = 1 });
        Assert.Equal([ids[0]], await TakeAsync(Asks(10, ("key:api", 2))));
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["key:api"] = 5 });
        Assert.Equal([ids[1]], await TakeAsync(Asks(10, ("key:api", 1))));
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["key:api"] = null });
    }
}
