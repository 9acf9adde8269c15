using System.Text.Json.Serialization;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Tests.Docs.DotNet;
// The generator wants the names of contexts to differ.
using AppJson = Drover.Tests.Docs.Versions.VersionsJson;

namespace Drover.Tests.Docs.Versions;

// What docs/dotnet.md says of retries and versions, where a kind of the same name has grown.
[JobKind("send-email", Version = 2)]
public sealed record SendEmail(string To, string Subject);

public sealed record SendEmailV1(string Address);

[JsonSerializable(typeof(SendEmail))]
[JsonSerializable(typeof(SendEmailV1))]
internal sealed partial class VersionsJson : JsonSerializerContext;

internal sealed class SendEmailHandler(IMailer mailer) : IJobHandler<SendEmail>
{
    public ValueTask HandleAsync(SendEmail job, JobContext context, CancellationToken cancel) => mailer.SendAsync(job.To, job.Subject, cancel);
}

internal sealed class InvalidAddressException : Exception;

internal sealed class RateLimitException : Exception;

internal static class Page
{
    public static void Retry(DroverBuilder drover) => drover
        .AddHandler<SendEmail, SendEmailHandler>(AppJson.Default.SendEmail, kind => kind.Retry = RetryPolicy
            .Exponential(maxAttempts: 8, TimeSpan.FromSeconds(2))
            .NeverOn<InvalidAddressException>()
            .On<RateLimitException>(new() { Kind = BackoffKind.Fixed, Delay = TimeSpan.FromMinutes(1) }));

    public static async Task<Job?> LookAsync(IBroker broker, Guid id)
    {
        Job? job = (await broker.GetAsync([id]))[0];                // status, attempts with their exceptions, result
        await broker.CancelAsync([id], by: "ada");
        var failed = await broker.ListAsync(new(new() { Statuses = [JobStatus.Failed], JobType = "send-email" }, Limit: 500));
        await broker.RetryAsync([.. failed.Items.Select(each => each.Id)]);
        return job;
    }

    public static void Upgrade(DroverBuilder drover) => drover
        .AddHandler<SendEmail, SendEmailHandler>(AppJson.Default.SendEmail, kind => kind
            .UpgradeFrom(1, AppJson.Default.SendEmailV1, old => new SendEmail(old.Address, "(none)")));
}
