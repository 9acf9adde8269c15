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

/// <summary>Cleans up: the shop's schedule asks for it every night.</summary>
internal sealed class NightlyCleanupHandler(TimeProvider time) : IJobHandler<NightlyCleanup>
{
    public ValueTask HandleAsync(NightlyCleanup job, JobContext context, CancellationToken cancel)
    {
        var before = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-job.KeepDays);
        context.Log($"Removed the baskets left before {before:O}.");
        return ValueTask.CompletedTask;
    }
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
