using System.Text.Json.Nodes;

namespace Drover.EndToEnd.Program;

/// <summary><c>drover job check</c> before a deployment: does the new build know what waits?</summary>
public sealed class JobCheckTests
{
    [Fact]
    public async Task It_names_each_type_that_the_new_build_does_not_know()
    {
        await using var drover = await RunningDrover.StartAsync();
        string shop = Path.Combine(drover.Folder, "shop.kinds"), billing = Path.Combine(drover.Folder, "billing.kinds");
        await File.WriteAllTextAsync(shop, "send-email\nsend-email:2\n\n");
        await File.WriteAllTextAsync(billing, "  invoice  \n");
        var nothing = await drover.CliAsync("job", "check", "--kinds", shop);
        Assert.Equal((0, "", "No task waits.\n"), (nothing.Code, nothing.Text, nothing.ErrorText));

        // Nobody here runs them: they wait, one of them for its time. Commands are no matter of a build's.
        foreach (string type in new[] { "send-email", "send-email:2", "invoice", "invoice", "send-email:3" })
            await SubmitAsync(type);
        await SubmitAsync("report", job => job["delay"] = 3600);
        string canceled = await SubmitAsync("gone");
        Assert.Equal(0, (await drover.CliAsync("job", "cancel", canceled)).Code);
        await drover.EndOfAsync(await drover.SubmitAsync("true"));

        var wrong = await drover.CliAsync("job", "check", "--kinds", shop);
        Assert.True(wrong.Code == 1, wrong.ToString());
        Assert.Equal(
            "invoice: 2 jobs that the new build does not know\nreport: 1 job that the new build does not know\nsend-email:3: 1 job that the new build does not know\n", wrong.Text);

        var json = await drover.CliAsync("job", "check", "--json", "--kinds", shop, "--kinds", billing);
        Assert.True(json.Code == 1, json.ToString());
        Assert.Equal(
            [("invoice", 2, true), ("report", 1, false), ("send-email", 1, true), ("send-email:2", 1, true), ("send-email:3", 1, false)],
            JsonNode.Parse(json.Out)!["items"]!.AsArray().Select(each => ((string)each!["job_type"]!, (int)each["jobs"]!, (bool)each["known"]!)));

        await File.AppendAllTextAsync(shop, "send-email:3\nreport\n");
        var right = await drover.CliAsync("job", "check", "--kinds", shop, "--kinds", billing);
        Assert.True(right.Code == 0, right.ToString());
        Assert.Equal(("", "The new build knows all 6 tasks that have not ended.\n"), (right.Text, right.ErrorText));
        Assert.Equal(0, (await drover.CliAsync("job", "check", "--json", "--kinds", shop, "--kinds", billing)).Code);

        async Task<string> SubmitAsync(string type, Action<JsonObject>? change = null)
        {
            var job = new JsonObject { ["job_type"] = type };
            change?.Invoke(job);
            return (await drover.PostAsync("jobs", job))["id"]!.GetValue<string>();
        }
    }
}
