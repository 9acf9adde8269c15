using System.Globalization;
using System.Runtime.CompilerServices;
using Drover.Jobs;
using Drover.Redis.Engine;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>
/// Finds where jobs may stand: jobs are counted by thousands of their numbers, by status and by what they can be found by, so that a list
/// looks only where there are any. What it finds are numbers to look at: some are of jobs that are gone or no longer pass.
/// </summary>
internal sealed class JobIndex(Link link)
{
    private const int Group = 1000;

    /// <summary>The numbers of jobs in these statuses and in all of these indexes, and of others, in order.</summary>
    public async IAsyncEnumerable<long> WalkAsync(
        IReadOnlyList<JobStatus> statuses, IReadOnlyList<string> names, Order order, long? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var counts = await link.CallAsync(db => Task.WhenAll(
            statuses.Select(status => "s" + (int)status).Concat(names).Select(name => db.HashGetAllAsync(link.Key("n:" + name)))), cancel);
        var groups = counts[..statuses.Count].SelectMany(found => found).Select(Number).ToHashSet();
        string? smallest = null;
        long fewest = long.MaxValue;
        for (int n = 0; n < names.Count; n++)
        {
            var found = counts[statuses.Count + n];
            groups.IntersectWith(found.Select(Number));
            long size = found.Sum(group => (long)group.Value);
            if (size < fewest)
                (smallest, fewest) = (names[n], size);
        }

        foreach (long group in order == Order.Ascending ? groups.Order() : groups.OrderDescending())
        {
            // None of it comes after.
            if (after is { } last && (order == Order.Ascending ? (group + 1) * Group <= last : group * Group >= last))
                continue;
            var numbers = smallest is null ? Enumerable.Range(0, Group).Select(n => group * Group + n) : await ListedAsync(smallest, group, cancel);
            foreach (long number in order == Order.Ascending ? numbers : numbers.Reverse())
            {
                if (after is null || (order == Order.Ascending ? number > after : number < after))
                    yield return number;
            }
        }
    }

    private static long Number(HashEntry group) => long.Parse((string)group.Name!, CultureInfo.InvariantCulture);

    /// <summary>What an index has of one thousand. A job whose priority was changed and changed back stands there twice.</summary>
    private async ValueTask<IEnumerable<long>> ListedAsync(string name, long group, CancellationToken cancel)
    {
        byte[] digits = (byte[]?)await link.CallAsync(db => db.StringGetAsync(link.Key(string.Create(CultureInfo.InvariantCulture, $"ix:{name}:{group:D9}"))), cancel) ?? [];
        var numbers = new SortedSet<long>();
        for (int at = 0; at < digits.Length; at += 3)
            numbers.Add(group * Group + int.Parse(digits.AsSpan(at, 3), CultureInfo.InvariantCulture));
        return numbers;
    }
}
