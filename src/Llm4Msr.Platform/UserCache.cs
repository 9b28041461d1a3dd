namespace Llm4Msr.Platform;

/// <summary>Where this project keeps what can be got again: below XDG_CACHE_HOME, or ~/.cache.</summary>
public static class UserCache
{
    /// <summary>The folder's path; it may not be there yet.</summary>
    public static string Folder(string name)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = home.Length > 0 ? Path.Combine(home, ".cache") : Path.Combine(Path.GetTempPath(), $"{Environment.UserName}-cache");
        }
        return Path.Combine(cache, "llm4msr", name);
    }
}
