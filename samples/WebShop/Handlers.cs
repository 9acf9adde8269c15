using Drover.Hosting;

namespace WebShop;

/// <summary>Sends the confirmation: the mailer comes from the scope of the attempt.</summary>
internal sealed class ConfirmOrderHandler(Mailer mailer) : IJobHandler<ConfirmOrder>
{
    public ValueTask HandleAsync(ConfirmOrder job, JobContext context, CancellationToken cancel)
    {
        if (!job.Email.Contains('@', StringComparison.Ordinal))
            context.NeverRetry($"'{job.Email}' is no address.");
        return mailer.SendAsync(job.Email, $"Order {job.Order} is on its way", cancel);
    }
}

/// <summary>Adds up the orders, telling how far it is, and keeps the sum with the job.</summary>
internal sealed class SalesReportHandler : IJobHandler<SalesReport>
{
    public async ValueTask HandleAsync(SalesReport job, JobContext context, CancellationToken cancel)
    {
        decimal turnover = 0;
        for (int order = 1; order <= job.Orders; order++)
        {
            cancel.ThrowIfCancellationRequested();
            turnover += 9.90m * order;
            context.Progress((double)order / job.Orders, $"order {order}");
            await Task.Yield();
        }

        context.SetResult(new(job.Orders, turnover), ShopJson.Default.Report);
    }
}

/// <summary>Cleans up, and asks for the next night: the key of the day keeps it to one, however often the shop starts.</summary>
internal sealed class NightlyCleanupHandler(IJobClient jobs) : IJobHandler<NightlyCleanup>
{
    public async ValueTask HandleAsync(NightlyCleanup job, JobContext context, CancellationToken cancel)
    {
        context.Log($"Removed the baskets left before {job.Day:O}.");
        await AskAsync(jobs, job.Day.AddDays(1), cancel);
    }

    public static async ValueTask AskAsync(IJobClient jobs, DateOnly day, CancellationToken cancel) =>
        await jobs.EnqueueAsync(
            new NightlyCleanup(day), new() { RunAt = new(day, new(3, 0), TimeSpan.Zero), UniqueKey = $"nightly-cleanup-{day:O}" }, cancel);
}

/// <summary>Stands for a mail server: it only says what it would send.</summary>
internal sealed partial class Mailer(ILogger<Mailer> log)
{
    public ValueTask SendAsync(string to, string subject, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        LogMail(log, to, subject);
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "Mail to {To}: {Subject}")]
    private static partial void LogMail(ILogger log, string to, string subject);
}
