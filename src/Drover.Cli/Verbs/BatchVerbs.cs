using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary><c>drover batch …</c></summary>
internal static class BatchVerbs
{
    public static Command Make() => Verb.Make("batch", "batches: many jobs as one", "drover batch add jobs.json\ndrover batch show 0198a000-0000-7000-8000-000000000001", Add(), Show(), Cancel());

    private static Argument<Guid> Id() => new("BATCH") { HelpName = "BATCH", Description = "the batch's id" };

    private static Command Add()
    {
        var file = new Argument<string>("FILE") { Description = "a JSON file as POST /batches takes it, with jobs, completion and on; or - for standard input" };
        return Verb.Make("add", "submit a batch from a JSON file", "drover batch add jobs.json", file).Calls(async (parsed, call) =>
        {
            string text = await Run.RunVerb.ScriptAsync(parsed.GetRequiredValue(file), call);
            BatchRequest request;
            try
            {
                request = System.Text.Json.JsonSerializer.Deserialize(text, Drover.Server.Json.DroverJson.Api.BatchRequest) ?? throw new UsageException("The file holds no batch.");
            }
            catch (System.Text.Json.JsonException wrong)
            {
                throw new UsageException($"The file is no batch: {wrong.Message}");
            }

            return call.Screen.Answer(await call.Client.CreateAsync<BatchRequest, BatchResponse>("batches", request, call.Cancel), made => made.Id.ToString());
        });
    }

    private static Command Show()
    {
        var id = Id();
        return Verb.Make("show", "show how many jobs of a batch are where", "drover batch show 0198a000-0000-7000-8000-000000000001", id).Calls(async (parsed, call) =>
            call.Screen.Answer(await call.Client.GetAsync<BatchResponse>($"batches/{parsed.GetRequiredValue(id)}", call.Cancel), Text));
    }

    private static Command Cancel()
    {
        var id = Id();
        return Verb.Make("cancel", "cancel the jobs of a batch that have not ended", "drover batch cancel 0198a000-0000-7000-8000-000000000001", id).Calls(async (parsed, call) =>
            call.Screen.Answer(await call.Client.PostAsync<BatchCancelResponse>($"batches/{parsed.GetRequiredValue(id)}/cancel", call.Cancel),
                done => $"{Words.Count(done.Canceled, "job")} canceled" + (done.Requested > 0 ? $", {done.Requested} running asked to end." : ".")));
    }

    private static string Text(BatchResponse batch)
    {
        var counts = batch.Counts;
        var parts = new (string Word, long Count)[]
        {
            ("scheduled", counts.Scheduled), ("queued", counts.Queued), ("running", counts.Running), ("retrying", counts.Retrying),
            ("completed", counts.Completed), ("failed", counts.Failed), ("canceled", counts.Canceled),
        }.Where(part => part.Count > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count} {part.Word}"));
        string lines = $"{Words.Count(counts.Total, "job")}{(batch.Finished ? ", all ended" : "")}: {string.Join(", ", parts)}";
        return batch.Completion is { } last ? $"{lines}\nthen {last.Id} {last.Preview}: {Drover.Jobs.JobStatusExtensions.Name(last.Status)}" : lines;
    }
}
