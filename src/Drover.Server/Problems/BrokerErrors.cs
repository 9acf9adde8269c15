using System.Globalization;
using Drover.Brokers;

namespace Drover.Server.Problems;

/// <summary>Names of fields in the broker's errors as the caller knows them, where a request's jobs are not what was sent.</summary>
internal static class BrokerErrors
{
    /// <summary>Makes a call whose errors are about <c>jobs[3].priority</c>, or of a single job <c>priority</c>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="prefixOf">What stands before the field's name, by the job's number.</param>
    public static async ValueTask<T> RenamedAsync<T>(Func<ValueTask<T>> call, Func<int, string> prefixOf)
    {
        try
        {
            return await call();
        }
        catch (JobValidationException e)
        {
            throw new JobValidationException(e.Errors.ToDictionary(error => Renamed(error.Key, prefixOf), error => error.Value, StringComparer.Ordinal));
        }
    }

    private static string Renamed(string field, Func<int, string> prefixOf)
    {
        const string jobs = "jobs[";
        int end = field.IndexOf("].", StringComparison.Ordinal);
        if (field.StartsWith(jobs, StringComparison.Ordinal) && end > 0
            && int.TryParse(field.AsSpan(jobs.Length, end - jobs.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int n))
            return prefixOf(n) + field[(end + 2)..];
        return field is "jobs" or "idempotency_key" ? field : prefixOf(0) + field;
    }
}
