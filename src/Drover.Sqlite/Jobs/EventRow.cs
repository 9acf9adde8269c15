using Drover.Jobs;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Jobs;

/// <summary>Binds and reads the columns of <c>events</c>, in the order of <see cref="JobSql.InsertEvent"/>.</summary>
internal static class EventRow
{
    public static void Insert(Statement insert, in JobEvent e)
    {
        insert.Bind(1, e.Seq).Bind(2, e.No).Bind(3, (int)e.Kind).Bind(4, e.At).Bind(5, e.Attempt).Bind(6, (int)e.Status)
            .Bind(7, e.Used).Bind(8, e.DueAt).Bind(9, e.Priority).Bind(10, e.StartedAt).Bind(11, e.Who);
        if (e.Instance is { } instance)
            insert.Bind(12, instance);
        else
            insert.BindNull(12);
        BindOutcome(insert, e.Outcome);
        insert.Run();
    }

    public static JobEvent Read(Statement row, bool withOutcome) => new()
    {
        Seq = row.Long(0),
        No = row.Int(1),
        Kind = (EventKind)row.Int(2),
        At = row.Long(3),
        Attempt = row.Int(4),
        Status = (JobStatus)row.Int(5),
        Used = row.Int(6),
        DueAt = row.LongOrNull(7),
        Priority = (int?)row.LongOrNull(8),
        StartedAt = row.LongOrNull(9),
        Who = row.Text(10),
        Instance = row.IsNull(11) ? null : row.Guid(11),
        Outcome = withOutcome ? ReadOutcome(row) : null,
        HasError = withOutcome ? !row.IsNull(16) : row.Int(16) != 0,
    };

    private static void BindOutcome(Statement insert, AttemptOutcome? outcome)
    {
        if (outcome is null)
        {
            for (int index = 13; index <= 18; index++)
                insert.BindNull(index);
            return;
        }

        insert.Bind(13, (int)outcome.Kind).Bind(14, outcome.ExitCode).Bind(15, outcome.Reason).Bind(17, outcome.Error);
        if (OutcomeDetail.Write(outcome) is { } detail)
            insert.BindBlob(16, detail);
        else
            insert.BindNull(16);
        if (outcome.Result is { } result)
            insert.BindBlob(18, result.Span);
        else
            insert.BindNull(18);
    }

    private static AttemptOutcome? ReadOutcome(Statement row)
    {
        if (row.IsNull(12))
            return null;
        var detail = OutcomeDetail.Read(row.Blob(15));
        return new()
        {
            Kind = (OutcomeKind)row.Int(12),
            ExitCode = (int?)row.LongOrNull(13),
            Reason = row.Text(14),
            Error = row.Text(16),
            Result = row.IsNull(17) ? (ReadOnlyMemory<byte>?)null : row.Blob(17).ToArray(),
            Signal = detail?.Signal,
            NeverRetry = detail?.NeverRetry ?? false,
            RetryIn = detail?.RetryInTicks is { } retryIn ? new TimeSpan(retryIn) : null,
            Unconfirmed = detail?.Unconfirmed ?? false,
            ConnectTime = detail?.ConnectTicks is { } connect ? new TimeSpan(connect) : null,
        };
    }
}
