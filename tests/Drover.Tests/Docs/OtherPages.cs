using Drover.Hosting;
using Drover.Jobs;

namespace Drover.Tests.Docs.Others;

// The code of docs/limits.md and docs/unique.md, so that it compiles; DocsTests compares.
internal sealed record Charge(int Order);

internal sealed record Render(int Page);

internal static class Page
{
    public static async Task LimitAsync(DroverBuilder drover, IJobClient jobs)
    {
        drover.Limits["key:stripe"] = new(MaxRunning: 2, Rate: new(100, TimeSpan.FromMinutes(1)));
        await jobs.EnqueueAsync(new Charge(7), new() { LimitKey = "stripe" });
    }

    public static async Task UniqueAsync(IJobClient jobs)
    {
        await jobs.EnqueueAsync(new Render(7), new() { UniqueKey = "page-7", Unique = new(UniqueUntil.Started, UniqueConflict.Replace) });
    }
}
