// Stands in for NVIDIA's management library: two devices of 80 and 16 GB.

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }

int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = 2;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  static char devices[2];
  *device = &devices[index];
  devices[index] = static_cast<char>(index);
  return 0;
}

int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
  total_free_used[0] = *static_cast<char*>(device) == 0 ? 80'000'000'000 : 16'000'000'000;
  total_free_used[1] = total_free_used[2] = 0;
  return 0;
}

}  // extern "C"
